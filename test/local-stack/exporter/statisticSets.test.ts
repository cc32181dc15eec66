/** `{Sum, Count, Min, Max}`: many observations of which four figures are known. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, documentOf } from './world.ts';

const BOUNDS = [0.1, 1, 10, Number.POSITIVE_INFINITY];
const bucketOf = (value: number) => BOUNDS.findIndex((bound) => value <= bound);

/** What the buckets hold, each for itself. */
function bucketsOf(values: Readonly<Record<string, number>>, name: string): readonly number[] {
  const totals = ['0.1', '1', '10', '+Inf'].map((le) => values[`${name}_bucket{le="${le}"}`] ?? Number.NaN);
  return totals.map((total, index) => total - (totals[index - 1] ?? 0));
}

/** Of observations in seconds that were really made, so that the four figures fit each other. */
const madeSet = (least: number) =>
  fc.array(fc.double({ min: least, max: 30, noNaN: true }), { minLength: 1, maxLength: 20 }).map((all) => ({
    Sum: all.reduce((sum, value) => sum + value, 0),
    Count: all.length,
    Min: Math.min(...all),
    Max: Math.max(...all),
  }));

/** Of figures that say whatever they like. */
const anyFigure = fc.oneof(
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.constantFrom(0, -0, 1, 0.1, 2 ** 360, -(2 ** 360)),
);
const anyCount = fc.oneof(fc.integer({ min: 1, max: 2 ** 53 - 1 }), fc.integer({ min: 1, max: 100 }));
const anySet = fc.record(
  { Sum: anyFigure, Count: anyCount, Min: anyFigure, Max: anyFigure },
  { requiredKeys: ['Sum', 'Count'] },
);

describe('a statistic set', () => {
  it('has its sum and its count in a histogram exactly, its least and greatest in their buckets', () => {
    fc.assert(
      fc.property(madeSet(-5), (set) => {
        const { feed, values, counts } = createWorld();
        feed(documentOf({ units: { Wait: 'Seconds' }, members: { Wait: set } }));
        if (set.Sum < 0) {
          expect(values()).toEqual({});
          expect(counts).toEqual({ documents: 1, 'sample negative': 1 });
          return;
        }
        expect(counts).toEqual({ documents: 1, samples: 1 });
        expect(values().shop_wait_seconds_sum).toBe(set.Sum + 0);
        expect(values().shop_wait_seconds_count).toBe(set.Count);
        const buckets = bucketsOf(values(), 'shop_wait_seconds');
        const [first, last] = [bucketOf(set.Min), bucketOf(set.Max)];
        expect(buckets[first]).toBeGreaterThan(0);
        expect(buckets[last]).toBeGreaterThan(0);
        expect(buckets.slice(0, first).concat(buckets.slice(last + 1))).toEqual(
          new Array(BOUNDS.length - 1 - last + first).fill(0),
        );
      }),
    );
  });

  it('adds its sum to a counter exactly, or nothing when that is below zero or too large', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const { feed, values, counts } = createWorld();
        feed(documentOf({ members: { Orders: set } }));
        const isTooLarge = set.Sum > 1e12 || set.Count > 1e12;
        const fault = set.Sum < 0 ? 'negative' : isTooLarge ? 'value_too_large' : undefined;
        expect(values()).toEqual(fault ? {} : { shop_orders_total: set.Sum + 0 });
        expect(counts).toEqual({ documents: 1, [fault ? `sample ${fault}` : 'samples']: 1 });
      }),
    );
  });

  it('sets a gauge to its mean, below zero too', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const { feed, values } = createWorld();
        feed(documentOf({ units: { Level: 'None' }, members: { Level: set } }));
        const isCounted = Math.abs(set.Sum) <= 1e15 && set.Count <= 1e12;
        expect(values()).toEqual({
          shop_level: set.Sum / set.Count + 0,
          shop_level_values_sum: isCounted ? set.Sum + 0 : 0,
          shop_level_values_count: isCounted ? set.Count : 0,
        });
      }),
    );
  });

  it('never makes a histogram fall or contradict itself, whatever its figures say', () => {
    fc.assert(
      fc.property(fc.array(anySet, { minLength: 1, maxLength: 8 }), (sets) => {
        const { feed, values } = createWorld();
        let before: Record<string, number> = {};
        for (const set of sets) {
          feed(documentOf({ units: { Wait: 'Seconds' }, members: { Wait: set } }));
          const after = values();
          for (const [series, value] of Object.entries(after))
            expect(value).toBeGreaterThanOrEqual(before[series] ?? 0);
          expect(after['shop_wait_seconds_bucket{le="+Inf"}']).toBe(after.shop_wait_seconds_count);
          expect(bucketsOf(after, 'shop_wait_seconds').filter((count) => count < 0)).toEqual([]);
          before = after;
        }
      }),
    );
  });

  it.each([
    [
      'one at the least and one at the greatest of two',
      { Sum: 5.05, Count: 2, Min: 0.05, Max: 5 },
      [1, 0, 1, 0],
    ],
    ['the others at their mean', { Sum: 20.05, Count: 4, Min: 0.05, Max: 19 }, [1, 2, 0, 1]],
    ['a least below zero in the first bucket', { Sum: 9, Count: 3, Min: -1, Max: 9.5 }, [1, 1, 1, 0]],
    ['all at the mean without the edges', { Sum: 8, Count: 4 }, [0, 0, 4, 0]],
    [
      'all at the mean when the edges are the wrong way round',
      { Sum: 8, Count: 4, Min: 9, Max: 0 },
      [0, 0, 4, 0],
    ],
    [
      'all at the mean when that is not between the edges',
      { Sum: 100, Count: 3, Min: 0.5, Max: 2 },
      [0, 0, 0, 3],
    ],
    ['all at the mean when the edges are 0', { Sum: 8, Count: 4, Min: 0, Max: 0 }, [0, 0, 4, 0]],
    ['all at the mean when two are not the edges', { Sum: 2, Count: 2, Min: 0.5, Max: 9 }, [0, 2, 0, 0]],
    [
      'all at the mean when the others would be beyond the edges',
      { Sum: 10, Count: 3, Min: 3, Max: 9 },
      [0, 0, 3, 0],
    ],
    [
      'one at the least and one at the greatest of another spelling',
      { Sum: 20.05, SampleCount: 4, Minimum: 0.05, Maximum: 19 },
      [1, 2, 0, 1],
    ],
    // 0.1 + 0.1 + 0.1 is a little more than 0.3, and a third of it more than 0.1.
    [
      'none beyond the edges by a rounding',
      { Sum: 0.1 + 0.1 + 0.1, Count: 3, Min: 0.1, Max: 0.1 },
      [3, 0, 0, 0],
    ],
  ])('puts %s', (_, set, expected) => {
    const { feed, values } = createWorld();
    feed(documentOf({ units: { Wait: 'Seconds' }, members: { Wait: set } }));
    expect(bucketsOf(values(), 'shop_wait_seconds')).toEqual(expected);
    expect(values().shop_wait_seconds_sum).toBe(set.Sum);
  });

  it('is in the base unit', () => {
    const { feed, values } = createWorld();
    const Wait = { Sum: 1_100, Count: 3, Min: -100, Max: 700 };
    feed(documentOf({ units: { Wait: 'Milliseconds' }, members: { Wait } }));
    expect(values().shop_wait_seconds_sum).toBe(1.1);
    expect(bucketsOf(values(), 'shop_wait_seconds')).toEqual([1, 2, 0, 0]);
  });

  it('of no observations is no value', () => {
    const { feed, store, counts } = createWorld();
    feed(documentOf({ members: { Orders: { Sum: 0, Count: 0, Min: 1, Max: 2 } } }));
    expect(store.size()).toBe(0);
    expect(counts).toEqual({ documents: 1 });
  });
});
