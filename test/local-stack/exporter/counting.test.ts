import { describe, expect, it } from '@jest/globals';
import { createWorld, directiveOf, documentOf } from './world.ts';

describe('what a document counts', () => {
  it('is one series with all labels for several dimension sets, so that the sum is the true total', () => {
    const { feed, values } = createWorld();
    feed(
      documentOf({ sets: [['Shop'], ['Shop', 'Till'], []], members: { Shop: 'a', Till: '1', Orders: 2 } }),
    );
    feed(
      documentOf({ sets: [['Shop'], ['Shop', 'Till'], []], members: { Shop: 'a', Till: '2', Orders: 3 } }),
    );
    expect(values()).toEqual({
      'shop_orders_total{shop="a",till="1"}': 2,
      'shop_orders_total{shop="a",till="2"}': 3,
    });
  });

  it('is one series for several directives that name the same value', () => {
    const { feed, values } = createWorld();
    const CloudWatchMetrics = [
      directiveOf({ sets: [['A']] }),
      directiveOf({ sets: [['B']] }),
      directiveOf({ sets: [['A', 'C']] }),
    ];
    feed({ _aws: { CloudWatchMetrics }, A: 'a', B: 'b', C: 'c', Orders: 1 });
    expect(values()).toEqual({ 'shop_orders_total{a="a",b="b",c="c"}': 1 });
  });

  it('is one value for a metric that a directive lists twice, in whatever units', () => {
    const { feed, values } = createWorld();
    const Metrics = [
      { Name: 'Wait', Unit: 'Seconds', StorageResolution: 60 },
      { Name: 'Wait', Unit: 'Milliseconds', StorageResolution: 1 },
    ];
    feed({ _aws: { CloudWatchMetrics: [{ Namespace: 'Shop', Dimensions: [[]], Metrics }] }, Wait: 2 });
    expect(values().shop_wait_seconds_count).toBe(1);
    expect(values().shop_wait_seconds_sum).toBe(2);
  });

  it('is in the first unit that is given, whichever directive gives it', () => {
    const { feed, values } = createWorld();
    const metricsOf = (...units: unknown[]) => ({
      Namespace: 'Shop',
      Metrics: units.map((Unit) => ({ Name: 'Wait', Unit })),
    });
    const CloudWatchMetrics = [metricsOf(undefined, null), metricsOf('Milliseconds'), metricsOf('Seconds')];
    feed({ _aws: { CloudWatchMetrics }, Wait: 500 });
    expect(values().shop_wait_seconds_sum).toBe(0.5);
    expect(values().shop_wait).toBeUndefined();
  });

  it('is read behind a byte order mark, with which some programs begin a file', () => {
    const { feed, values, counts } = createWorld();
    feed(`\ufeff${JSON.stringify(documentOf({ members: { Orders: 1 } }))}\r`);
    expect(values()).toEqual({ shop_orders_total: 1 });
    expect(counts).toEqual({ documents: 1, samples: 1 });
  });

  it('is one metric per namespace', () => {
    const { feed, values } = createWorld();
    const CloudWatchMetrics = [directiveOf({ namespace: 'One' }), directiveOf({ namespace: 'Two' })];
    feed({ _aws: { CloudWatchMetrics }, Orders: 4 });
    expect(values()).toEqual({ one_orders_total: 4, two_orders_total: 4 });
  });

  it('has the labels of all its directives when several metrics are in several of them', () => {
    const { feed, values } = createWorld();
    const units = { Orders: 'Count', Visits: 'Count', Returns: 'Count' };
    const CloudWatchMetrics = [
      directiveOf({ sets: [['A']], units }),
      directiveOf({ sets: [['B'], ['C']], units }),
      directiveOf({ sets: [['D']], units: { Visits: 'Count' } }),
    ];
    const members = { A: 'a', B: 'b', C: 'c', D: 'd', Orders: 1, Visits: 2, Returns: 3 };
    feed({ _aws: { CloudWatchMetrics }, ...members });
    expect(values()).toEqual({
      'shop_orders_total{a="a",b="b",c="c"}': 1,
      'shop_visits_total{a="a",b="b",c="c",d="d"}': 2,
      'shop_returns_total{a="a",b="b",c="c"}': 3,
    });
  });

  it('has the labels of each metric when directives share some', () => {
    const { feed, values } = createWorld();
    const CloudWatchMetrics = [
      directiveOf({ sets: [['A']], units: { Orders: 'Count', Visits: 'Count' } }),
      directiveOf({ sets: [['B']], units: { Orders: 'Count', Returns: 'Count' } }),
    ];
    feed({ _aws: { CloudWatchMetrics }, A: 'a', B: 'b', Orders: 1, Visits: 2, Returns: 3 });
    expect(values()).toEqual({
      'shop_orders_total{a="a",b="b"}': 1,
      'shop_visits_total{a="a"}': 2,
      'shop_returns_total{b="b"}': 3,
    });
  });

  it.each([
    ['a number', 4, 4],
    ['a list', [1, 2, 4], 7],
    ['a list of a hundred', new Array(100).fill(1), 100],
    ['values with counts', { Values: [1, 5], Counts: [2, 3] }, 17],
    ['values without counts', { Values: [1, 5] }, 6],
    ['a statistic set', { Sum: 12, Count: 4, Min: 1, Max: 7 }, 12],
    ['a statistic set without its edges', { Sum: 12, Count: 4 }, 12],
  ])('is the sum of %s for a counter', (_, given, expected) => {
    const { feed, values } = createWorld();
    feed(documentOf({ members: { Orders: given } }));
    expect(values()).toEqual({ shop_orders_total: expected });
  });

  it.each([
    ['a number', 100, { '0.1': 1, '1': 1, '10': 1, sum: 0.1, count: 1 }],
    ['a list', [50, 500, 5_000, 50_000], { '0.1': 1, '1': 2, '10': 3, sum: 55.55, count: 4 }],
    [
      'values with counts',
      { Values: [50, 500], Counts: [3, 2] },
      { '0.1': 3, '1': 5, '10': 5, sum: 1.15, count: 5 },
    ],
    [
      'a statistic set',
      { Sum: 1_250, Count: 4, Min: 50, Max: 1_000 },
      { '0.1': 3, '1': 4, '10': 4, sum: 1.25, count: 4 },
    ],
    [
      'a set of one',
      { Sum: 200, Count: 1, Min: 200, Max: 200 },
      { '0.1': 0, '1': 1, '10': 1, sum: 0.2, count: 1 },
    ],
  ])('falls into buckets for a histogram: %s', (_, given, { sum, count, ...buckets }) => {
    const { feed, values } = createWorld();
    feed(documentOf({ units: { Wait: 'Milliseconds' }, members: { Wait: given } }));
    const seen = values();
    for (const [bound, total] of Object.entries(buckets)) {
      expect([bound, seen[`shop_wait_seconds_bucket{le="${bound}"}`]]).toEqual([bound, total]);
    }
    expect(seen['shop_wait_seconds_bucket{le="+Inf"}']).toBe(count);
    expect(seen.shop_wait_seconds_count).toBe(count);
    expect(seen.shop_wait_seconds_sum).toBeCloseTo(sum, 12);
  });

  it('puts a value on a bound into its bucket, and one above into the next', () => {
    const { feed, values } = createWorld();
    feed(documentOf({ units: { Wait: 'Seconds' }, members: { Wait: [1, 1.000_001] } }));
    expect(values()['shop_wait_seconds_bucket{le="1"}']).toBe(1);
    expect(values()['shop_wait_seconds_bucket{le="10"}']).toBe(2);
  });

  it.each([
    ['the last of a list', [3, -7], -7],
    ['the mean of a statistic set', { Sum: 12, Count: 4, Min: 1, Max: 9 }, 3],
  ])('is %s for a gauge', (_, given, expected) => {
    const { feed, values } = createWorld();
    feed(documentOf({ units: { Level: 'None' }, members: { Level: given } }));
    expect(values()).toMatchObject({ shop_level: expected });
  });

  it('adds several units of one kind up in the base unit', () => {
    const { feed, values } = createWorld();
    feed(documentOf({ units: { Wait: 'Milliseconds' }, members: { Wait: 500 } }));
    feed(documentOf({ units: { Wait: 'Seconds' }, members: { Wait: 2 } }));
    expect(values().shop_wait_seconds_sum).toBe(2.5);
  });

  it('is a gauge where the operator says so', () => {
    const { feed, values } = createWorld({
      kinds: { counters: [], gauges: ['Shop/Queue'], histograms: [] },
    });
    for (const Queue of [5, 3]) feed(documentOf({ units: { Queue: 'Count' }, members: { Queue } }));
    expect(values()).toEqual({ shop_queue: 3 });
  });

  it('takes numbers and booleans as labels, and leaves an empty text out', () => {
    const { feed, values } = createWorld();
    const members = { Status: 200, IsCold: false, Region: '', Orders: 1 };
    feed(documentOf({ sets: [['Status', 'IsCold', 'Region']], members }));
    feed(documentOf({ sets: [['Status', 'IsCold']], members }));
    expect(values()).toEqual({ 'shop_orders_total{is_cold="false",status="200"}': 2 });
  });

  it('is the same series in whatever order the dimensions come', () => {
    const { feed, values } = createWorld();
    for (const set of [
      ['A', 'B'],
      ['B', 'A'],
    ])
      feed(documentOf({ sets: [set], members: { A: '1', B: '2', Orders: 1 } }));
    expect(values()).toEqual({ 'shop_orders_total{a="1",b="2"}': 2 });
  });

  it('keeps label values apart whatever is in them', () => {
    const { feed, values } = createWorld();
    const pairs = [
      ['1', '2,b="3'],
      ['1",b="2', '3'],
      ['1,b:2', '3'],
      ['1', '2,b:3'],
      ['\\', '\n'],
      ['\\\n', ''],
    ];
    for (const [A, B] of pairs) feed(documentOf({ sets: [['A', 'B']], members: { A, B, Orders: 1 } }));
    expect(Object.values(values())).toEqual(pairs.map(() => 1));
  });
});
