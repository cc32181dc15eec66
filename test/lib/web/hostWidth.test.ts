import { describe, expect, it } from '@jest/globals';
import { createHostWidth } from '../../../lib/web/hostWidth.ts';

const LIMITS = { first: 8, most: 32 };
const start = () => {
  const width = createHostWidth(LIMITS);
  const note = (count: number, status = 200, headMs = 100, isFull = true, bodyMs = 0): number => {
    for (let turn = 0; turn < count; turn += 1) width.note({ status, headMs, bodyMs, isFull });
    return width.now();
  };
  return { width, note };
};

describe('the width of a host', () => {
  it('doubles with every round of responses up to the most', () => {
    const { width, note } = start();
    expect(width.now()).toBe(8);
    expect([note(8), note(16), note(32)]).toEqual([16, 32, 32]);
  });

  it('stays as it is while fewer requests are under way than it allows', () => {
    expect(start().note(100, 200, 100, false)).toBe(8);
  });

  it('stays as it is while bodies take longer than heads', () => {
    expect(start().note(100, 200, 100, true, 101)).toBe(8);
    expect(start().note(100, 200, 100, true, 100)).toBe(32);
  });

  it.each([
    [429, [16, 8, 4, 2, 1, 1]],
    [503, [16, 8, 4, 2, 1, 1]],
    [500, [16, 8, 8, 8, 8, 8]],
    [502, [16, 8, 8, 8, 8, 8]],
    [999, [16, 8, 8, 8, 8, 8]],
    [404, [32, 32, 32, 32, 32, 32]],
  ])('is halved at once by each round with %i: %j', (status, expected) => {
    const { width, note } = start();
    note(24);
    const seen = expected.map(() => {
      const before = width.now();
      const after = note(1, status);
      // Those of the same round were asked for at the old width.
      expect(note(before - 1, status)).toBe(after);
      return after;
    });
    expect(seen).toEqual(expected);
  });

  it('grows by one a round after it was narrowed, and again up to the most', () => {
    const { width, note } = start();
    note(24);
    note(1, 503);
    expect(note(31)).toBe(16);
    expect(note(17)).toBe(17);
    note(1_000);
    expect(width.now()).toBe(32);
  });

  it('is halved when eight responses in a row are slow, never below its first', () => {
    const { note } = start();
    note(24);
    expect(note(7, 200, 251)).toBe(32);
    expect(note(1, 200, 251)).toBe(16);
    expect(note(31 + 8, 200, 251)).toBe(8);
  });

  it('does not grow by a slow response, and is not narrowed by one that is as slow as may be', () => {
    const { note } = start();
    note(1);
    expect(note(6, 200, 251)).toBe(9);
    expect(note(64, 200, 250)).toBeGreaterThan(9);
  });

  it('begins again with what a host takes that is slow at its first, too', () => {
    const { note } = start();
    note(1, 200, 1, false);
    note(7, 200, 100);
    expect(note(8, 200, 100)).toBe(8);
    expect(note(8, 200, 100)).toBe(16);
  });

  it('is never more than the most, however small that is', () => {
    const width = createHostWidth({ first: 1, most: 1 });
    for (let turn = 0; turn < 20; turn += 1) {
      width.note({ status: turn % 3 === 0 ? 429 : 200, headMs: 1, bodyMs: 0, isFull: true });
    }
    expect(width.now()).toBe(1);
  });
});
