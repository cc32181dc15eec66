import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, documentOf } from './world.ts';

const order = (id: number, name = 'Orders') =>
  documentOf({ sets: [['Id']], units: { [name]: 'Count' }, members: { Id: `${id}`, [name]: 1 } });

describe('the number of series', () => {
  it('ends at the limit of one metric; known series go on counting', () => {
    const { feed, store, counts, values } = createWorld({ maxSeriesPerMetric: 3 });
    for (let id = 0; id < 10; id += 1) feed(order(id));
    feed(order(2));
    feed(order(0, 'Visits'));
    expect(store.size()).toBe(4);
    expect(counts).toEqual({ documents: 12, samples: 5, 'sample series_limit': 7 });
    expect(values()['shop_orders_total{id="2"}']).toBe(2);
  });

  it('ends at the limit of all metrics', () => {
    const { feed, store, counts } = createWorld({ maxSeries: 3 });
    for (let id = 0; id < 10; id += 1) feed(order(id, `Metric${'abcdefghij'[id]}`));
    expect(store.size()).toBe(3);
    expect([...store.metrics()]).toHaveLength(3);
    expect(counts['sample series_limit']).toBe(7);
  });

  it('never counts a metric that has no series', () => {
    const { feed, store } = createWorld();
    feed(documentOf({ units: { Orders: 'Count' }, members: { Orders: -1 } }));
    feed(documentOf({ units: { Wait: 'Seconds' }, members: { Wait: 1e300 } }));
    expect([...store.metrics()]).toHaveLength(0);
  });

  it('takes no room for values that were observed 0 times, and writes no header twice', () => {
    const { feed, store, text } = createWorld({ maxSeries: 2 });
    const Level = { Values: [1], Counts: [0] };
    for (let time = 0; time < 3; time += 1)
      feed(documentOf({ units: { Level: 'None' }, members: { Level } }));
    expect(store.size()).toBe(0);
    feed(documentOf({ units: { Level: 'None' }, members: { Level: 5 } }));
    expect(store.size()).toBe(1);
    expect(text().match(/^# TYPE/gm)).toHaveLength(2);
  });

  it('shows what is created at 0, and counts from there', () => {
    const { feed, store, values } = createWorld();
    const key = { namespace: 'Shop', dimensions: [['Id', '1']] as const };
    expect(store.create({ ...key, name: 'Orders', unit: 'Count' })).toBeUndefined();
    expect(store.create({ ...key, name: 'Wait', unit: 'Seconds' })).toBeUndefined();
    expect(store.create({ ...key, name: 'Level', unit: 'None' })).toBe('gauge');
    expect(values()['shop_orders_total{id="1"}']).toBe(0);
    expect(values()['shop_wait_seconds_count{id="1"}']).toBe(0);
    feed(order(1));
    expect(values()['shop_orders_total{id="1"}']).toBe(1);
  });

  it('gives every value once and every line once, whatever the documents are', () => {
    const name = fc.constantFrom(
      'Orders',
      'orders',
      'Orders-Total',
      'Wait',
      'wait_count',
      'le',
      '__proto__',
      'ö',
    );
    const unit = fc.constantFrom(
      'Count',
      'Milliseconds',
      'Seconds',
      'Kilobytes',
      'Percent',
      'None',
      'Parsecs',
    );
    const value = fc.oneof(
      fc.nat(1_000),
      fc.array(fc.nat(1_000), { maxLength: 5 }),
      fc.constantFrom('x', null, -1),
    );
    const member = fc.oneof(value, fc.string({ unit: 'binary', maxLength: 8 }));
    const directive = fc.record({
      Namespace: fc.constantFrom('Shop', 'shop', 'A/B', ''),
      Dimensions: fc.array(fc.array(name, { maxLength: 3 }), { maxLength: 3 }),
      Metrics: fc.array(fc.record({ Name: name, Unit: unit }), { maxLength: 4 }),
    });
    const document = fc
      .record({ directives: fc.array(directive, { maxLength: 3 }), members: fc.dictionary(name, member) })
      .map(({ directives, members }) => ({ _aws: { CloudWatchMetrics: directives }, ...members }));
    fc.assert(
      fc.property(fc.array(document, { maxLength: 20 }), (documents) => {
        const { feed, counts, values, store } = createWorld({ maxSeries: 40, maxSeriesPerMetric: 10 });
        for (const each of documents) feed(each);
        // Throws for a malformed line and for a series that is there twice.
        values();
        expect(counts.documents ?? 0).toBe(documents.length);
        expect(store.size()).toBeLessThanOrEqual(40);
      }),
      { numRuns: 300 },
    );
  });

  it('adds up to the true total for any dimension sets and directives', () => {
    const sets = fc.array(fc.subarray(['A', 'B', 'C']), { minLength: 1, maxLength: 4 });
    const one = fc.record({
      directives: fc.array(sets, { minLength: 1, maxLength: 3 }),
      A: fc.constantFrom('1', '2'),
      B: fc.constantFrom('1', '2', ''),
      C: fc.string({ maxLength: 2 }),
      Orders: fc.oneof(fc.nat(100), fc.array(fc.nat(100), { minLength: 1, maxLength: 100 })),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 20 }), (many) => {
        const { feed, values } = createWorld();
        for (const { directives, ...members } of many) {
          const Metrics = [{ Name: 'Orders', Unit: 'Count' }];
          const CloudWatchMetrics = directives.map((Dimensions) => ({
            Namespace: 'Shop',
            Dimensions,
            Metrics,
          }));
          feed({ _aws: { CloudWatchMetrics }, ...members });
        }
        const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
        expect(sum(Object.values(values()))).toBe(sum(many.flatMap(({ Orders }) => Orders)));
      }),
      { numRuns: 300 },
    );
  });
});
