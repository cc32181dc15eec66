/** Metrics that say no unit, and the options that say what a metric is. */
import { describe, expect, it } from '@jest/globals';
import { createWorld, documentOf } from './world.ts';

const kindsOf = (kinds: Readonly<Record<string, readonly string[]>>) => ({
  kinds: { counters: [], gauges: [], histograms: [], ...kinds },
});

describe('a metric without unit', () => {
  it.each(['None', undefined, null, '1', '{request}', ''])(
    'keeps its latest value, and the sum and count of all, in the unit %j',
    (unit) => {
      const { feed, values, text } = createWorld();
      const Metrics = [{ Name: 'Load', ...(unit !== undefined && { Unit: unit }) }];
      const CloudWatchMetrics = [{ Namespace: 'Shop', Dimensions: [['A']], Metrics }];
      for (const Load of [1, 1, 1, 1, 1, [2, 4], { Values: [3], Counts: [2] }, -1])
        feed({ _aws: { CloudWatchMetrics }, A: 'a', Load });
      expect(values()).toEqual({
        'shop_load{a="a"}': -1,
        'shop_load_values_sum{a="a"}': 16,
        'shop_load_values_count{a="a"}': 10,
      });
      expect(text()).toContain('# TYPE shop_load gauge\n');
      expect(text()).toContain('# TYPE shop_load_values summary\n');
    },
  );

  it('is told of once, by its name', () => {
    const { feed, unitless } = createWorld();
    for (let round = 0; round < 3; round += 1) {
      feed(documentOf({ units: { Load: 'None', Depth: '1' }, members: { Load: 1, Depth: 2 } }));
      feed(documentOf({ units: { Cpu: 'Percent', Orders: 'Count' }, members: { Cpu: 1, Orders: 2 } }));
    }
    expect(unitless).toEqual(['Shop/Load None', 'Shop/Depth 1']);
  });

  it('takes a statistic set with its true sum and count', () => {
    const { feed, values } = createWorld();
    feed(documentOf({ units: { Load: 'None' }, members: { Load: { Sum: 12, Count: 4, Min: 1, Max: 7 } } }));
    expect(values()).toEqual({ shop_load: 3, shop_load_values_sum: 12, shop_load_values_count: 4 });
  });

  it.each([
    ['a number', 2 ** 63],
    ['a negative number', -1e100],
    ['a list', [1e15, 1e15]],
    ['a distribution', { Values: [1], Counts: [2 ** 53 - 1] }],
    ['a statistic set', { Sum: 1e18, Count: 2, Min: 0, Max: 1e18 }],
  ])('shows a value that no total can take, %s, and counts on without it', (_what, huge) => {
    const { feed, values, counts } = createWorld();
    const loads = [100, huge, 100, 7];
    const seen = loads.map((Load) => {
      feed(documentOf({ units: { Load: 'None' }, members: { Load } }));
      return values().shop_load;
    });
    expect(seen[1]).not.toBe(100);
    expect(values()).toEqual({ shop_load: 7, shop_load_values_sum: 207, shop_load_values_count: 3 });
    expect(counts['sample value_too_large']).toBeGreaterThan(0);
  });

  it('does not share a name with what another metric shows', () => {
    const { feed, values, counts } = createWorld();
    feed(documentOf({ units: { Load: 'None' }, members: { Load: 1 } }));
    feed(documentOf({ units: { load_values: 'None' }, members: { load_values: 5 } }));
    expect(counts['sample name_conflict']).toBe(1);
    expect(Object.keys(values())).toHaveLength(3);
    for (const name of ['load_values_sum', 'load_values_count', 'load_count', 'load_total'])
      feed(documentOf({ units: { [name]: 'None' }, members: { [name]: 5 } }));
    expect(counts['sample name_conflict']).toBe(1);
    expect(values()).toMatchObject({ shop_load_values_sum_value: 5, shop_load_count_value: 5 });
  });
});

describe('what a pattern says of a metric', () => {
  it.each([
    ['counters', 'None', 5, { shop_load_total: 10 }],
    ['counters', 'Milliseconds', 500, { shop_load_seconds_total: 1 }],
    ['counters', 'Bytes', 5, { shop_load_bytes_total: 10 }],
    ['counters', '{request}', 5, { shop_load_total: 10 }],
    ['gauges', 'Count', 5, { shop_load: 5 }],
    ['gauges', 'Milliseconds', 500, { shop_load_seconds: 0.5 }],
    ['gauges', 'None', 5, { shop_load: 5 }],
  ])('as one of --%s, in %s', (kind, unit, value, expected) => {
    const { feed, values, unitless } = createWorld(kindsOf({ [kind]: ['Shop/Load'] }));
    for (let round = 0; round < 2; round += 1)
      feed(documentOf({ units: { Load: unit }, members: { Load: value } }));
    expect(values()).toEqual(expected);
    expect(unitless).toEqual([]);
  });

  it.each([
    ['None', 'shop_load', 7],
    ['Count', 'shop_load', 7],
    ['Percent', 'shop_load_ratio', 0.07],
    ['Bytes/Second', 'shop_load_bytes_per_second', 7],
    ['Milliseconds', 'shop_load_seconds', 0.007],
  ])('makes a histogram of %s', (unit, name, sum) => {
    const { feed, values } = createWorld(kindsOf({ histograms: ['Shop/*'] }));
    feed(documentOf({ units: { Load: unit }, members: { Load: [3, 4] } }));
    expect(values()[`${name}_sum`]).toBeCloseTo(sum, 12);
    expect(values()[`${name}_count`]).toBe(2);
    expect(values()[`${name}_bucket{le="+Inf"}`]).toBe(2);
  });

  it.each([
    [['Shop/*'], true],
    [['*'], true],
    [['*/Load'], true],
    [['S*p/L*d'], true],
    [['Shop/Loa'], false],
    [['shop/load'], false],
    [['*Loader'], false],
    [['Shop/L*o*a*d*x'], false],
    [['Shop/Load*'], true],
  ])('is matched by %j: %s', (counters, isCounter) => {
    const { feed, values } = createWorld(kindsOf({ counters }));
    feed(documentOf({ units: { Load: 'None' }, members: { Load: 5 } }));
    expect(Object.hasOwn(values(), 'shop_load_total')).toBe(isCounter);
  });

  it('is what the longest pattern says', () => {
    const { feed, values } = createWorld(kindsOf({ counters: ['Shop/*'], gauges: ['Shop/Queue*'] }));
    feed(documentOf({ units: { QueueLength: 'None', Load: 'None' }, members: { QueueLength: 5, Load: 5 } }));
    expect(values()).toEqual({ shop_queue_length: 5, shop_load_total: 5 });
  });

  it('takes no long time to match, however many stars it has', () => {
    const { feed, store } = createWorld(kindsOf({ counters: [`${'*a'.repeat(100)}b`] }));
    const name = 'a'.repeat(250);
    feed(documentOf({ units: { [name]: 'None' }, members: { [name]: 5 } }));
    expect(store.size()).toBe(1);
  });
});
