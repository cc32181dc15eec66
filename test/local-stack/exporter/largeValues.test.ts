/** No value, however large, keeps a counter or a histogram from showing the next ones. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, documentOf } from './world.ts';

const order = (Orders: unknown) => documentOf({ members: { Orders } });
const wait = (Wait: unknown, unit = 'Seconds') => documentOf({ units: { Wait: unit }, members: { Wait } });
const TOO_LARGE = { documents: 1, 'sample value_too_large': 1 };
const TAKEN = { documents: 1, samples: 1 };
/** A total of so many times the most at once is the last below 2^53. */
const UP_TO_THE_BRIM = Math.floor(Number.MAX_SAFE_INTEGER / 1e12);

describe('a large value', () => {
  it.each<[string, unknown, Record<string, number>]>([
    ['as many as may be', order(1e12), TAKEN],
    ['one more', order(1e12 + 1), TOO_LARGE],
    ['a googol', order(1e100), TOO_LARGE],
    ['many times a few', order({ Values: [1e3], Counts: [1e9] }), TAKEN],
    ['many times a few more', order({ Values: [1e3 + 1], Counts: [1e9] }), TOO_LARGE],
    ['a sum as large as may be', order({ Sum: 1e12, Count: 2 }), TAKEN],
    ['a larger sum', order({ Sum: 1e12 + 1, Count: 2 }), TOO_LARGE],
    ['a list of which one is too large', order([1, 1e13, 2]), { ...TOO_LARGE, samples: 2 }],
    [
      'a list that is too large together',
      order(new Array(10_000).fill(1e12)),
      {
        documents: 1,
        'sample value_too_large': 10_000,
      },
    ],
    ['the longest time', wait(1e9), TAKEN],
    ['a longer time', wait(1e9 + 1), TOO_LARGE],
    ['the longest time in another unit', wait(1e12, 'Milliseconds'), TAKEN],
    ['a longer time in another unit', wait(1e12 + 1_000, 'Milliseconds'), TOO_LARGE],
    ['the largest size', wait(1e3, 'Terabytes'), TAKEN],
    ['a larger size', wait(1e3 + 1, 'Terabytes'), TOO_LARGE],
    ['the most observations', wait({ Values: [0], Counts: [1e12] }), TAKEN],
    ['more observations', wait({ Values: [0], Counts: [1e12 + 1] }), TOO_LARGE],
    ['the most observations of a set', wait({ Sum: 0, Count: 1e12, Min: 0, Max: 0 }), TAKEN],
    ['more observations of a set', wait({ Sum: 0, Count: 1e12 + 1, Min: 0, Max: 0 }), TOO_LARGE],
    ['long times often', wait({ Values: [1], Counts: [1e9 + 1] }), TOO_LARGE],
    ['whatever a gauge is set to', wait(2 ** 360, 'Percent'), TAKEN],
    ['the largest value without unit', wait(1e15, 'None'), TAKEN],
    ['a larger value without unit, of which the latest value is shown', wait(2 ** 360, 'None'), TOO_LARGE],
  ])('that is %s', (_, document, expected) => {
    const { feed, counts } = createWorld();
    feed(document);
    expect(counts).toEqual(expected);
  });

  it('does not freeze a counter: a thousand after it are a thousand', () => {
    const { feed, values } = createWorld();
    feed(order(1e100));
    for (let count = 0; count < 1_000; count += 1) feed(order(1));
    expect(values()).toEqual({ shop_orders_total: 1_000 });
  });

  it('does not freeze a histogram', () => {
    const { feed, values } = createWorld();
    feed(wait({ Values: [0.01], Counts: [2 ** 53 - 1] }));
    feed(wait(1e50));
    for (let count = 0; count < 1_000; count += 1) feed(wait(0.01));
    expect(values().shop_wait_seconds_count).toBe(1_000);
    expect(values().shop_wait_seconds_sum).toBeCloseTo(10, 9);
  });

  it.each([
    ['counter', order(1e12), order(1), 'shop_orders_total'],
    ['histogram', wait({ Values: [0], Counts: [1e12] }), wait(0), 'shop_wait_seconds_count'],
  ])('that would bring a %s over 2^53 is dropped, and smaller ones go on counting', (_, large, one, name) => {
    const { feed, values, counts } = createWorld();
    for (let count = 0; count < UP_TO_THE_BRIM + 5; count += 1) feed(large);
    expect(counts['sample value_too_large']).toBe(5);
    for (let count = 0; count < 1_000; count += 1) feed(one);
    expect(values()[name]).toBe(UP_TO_THE_BRIM * 1e12 + 1_000);
  });

  it('or any other: what is counted next is seen, or told to be dropped', () => {
    const figure = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(1e12, 2 ** 52, 2 ** 53, 1e100));
    const given = fc.oneof(
      figure,
      fc.array(figure, { maxLength: 4 }),
      fc.record({
        Values: fc.array(figure, { minLength: 1, maxLength: 1 }),
        Counts: fc.constant([2 ** 53 - 1]),
      }),
      fc.record({ Sum: figure, Count: fc.integer({ min: 1, max: 2 ** 53 - 1 }) }),
    );
    fc.assert(
      fc.property(fc.array(given, { maxLength: 10 }), (many) => {
        const { feed, values } = createWorld();
        for (const each of many) {
          feed(order(each));
          feed(wait(each));
        }
        const before = values();
        feed(order(1));
        feed(wait(1));
        for (const name of ['shop_orders_total', 'shop_wait_seconds_count']) {
          expect((values()[name] ?? 0) - (before[name] ?? 0)).toBeCloseTo(1, 2);
        }
      }),
    );
  });
});
