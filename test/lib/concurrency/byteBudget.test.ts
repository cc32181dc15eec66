import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createByteBudget } from '../../../lib/concurrency/byteBudget.ts';
import { settled } from '../../support/settled.ts';

describe('the budget of bytes in flight', () => {
  it('is inclusive: exactly the budget is granted at once, one more byte waits', async () => {
    const budget = createByteBudget(100);
    const oldest = budget.open('me');
    const other = budget.open('me');
    await oldest.acquire(60);
    await other.acquire(40);
    const more = other.acquire(1);
    expect(await settled(more)).toBe(false);
    oldest.release();
    expect(await settled(more)).toBe(true);
  });

  it('never makes the oldest wait, so that nobody waits for ever', async () => {
    const budget = createByteBudget(100);
    const oldest = budget.open('me');
    const other = budget.open('me');
    await other.acquire(100);
    await oldest.acquire(1_000);
    oldest.release();
    await other.acquire(500);
  });

  it('admits those who wait in the order in which they opened', async () => {
    const budget = createByteBudget(10);
    const [first, second, third] = [budget.open('me'), budget.open('me'), budget.open('me')];
    await first.acquire(10);
    const late = third.acquire(10);
    const early = second.acquire(10);
    first.release();
    expect(await settled(early)).toBe(true);
    expect(await settled(late)).toBe(false);
    second.release();
    expect(await settled(late)).toBe(true);
  });

  it('lets a share that is closed while it waits go', async () => {
    const budget = createByteBudget(10);
    const [first, second] = [budget.open('me'), budget.open('me')];
    await first.acquire(10);
    const waiting = second.acquire(5);
    second.release();
    await waiting;
    first.release();
    await budget.open('me').acquire(10);
  });

  it('counts nothing for a share that is closed already', async () => {
    const budget = createByteBudget(10);
    const [closed, oldest, other] = [budget.open('me'), budget.open('me'), budget.open('me')];
    closed.release();
    await closed.acquire(10);
    await oldest.acquire(5);
    expect(await settled(other.acquire(5))).toBe(true);
  });

  it('never makes the oldest of a caller wait, whatever another one keeps', async () => {
    const budget = createByteBudget(10);
    const [greedy, more] = [budget.open('greedy'), budget.open('greedy')];
    const [first, second, third] = [budget.open('other'), budget.open('other'), budget.open('other')];
    await greedy.acquire(5);
    await more.acquire(5);
    expect(await settled(first.acquire(7))).toBe(true);
    const [inTurn, last] = [second.acquire(7), third.acquire(7)];
    expect(await settled(inTurn)).toBe(false);
    first.release();
    expect([await settled(inTurn), await settled(last)]).toEqual([true, false]);
    second.release();
    expect(await settled(last)).toBe(true);
  });

  it('lets every caller get on, and holds no more beyond the budget than a download for each', async () => {
    const reading = fc.record({
      caller: fc.constantFrom('a', 'b', 'c'),
      pieces: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
      /** Keeps what it has and is never closed. */
      stalls: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(reading, { maxLength: 20 }), fc.nat({ max: 12 }), async (readings, max) => {
        const budget = createByteBudget(max);
        const stalled = new Set(readings.filter(({ stalls }) => stalls).map(({ caller }) => caller));
        let held = 0;
        let most = 0;
        const ends: Promise<void>[] = [];
        for (const { caller, pieces, stalls } of readings) {
          const share = budget.open(caller);
          const read = async () => {
            let own = 0;
            for (const count of pieces) {
              await share.acquire(count);
              own += count;
              held += count;
              most = Math.max(most, held);
            }
            if (stalls) return;
            held -= own;
            share.release();
          };
          const end = read();
          if (!stalled.has(caller)) ends.push(end);
        }
        // A caller without a stalled download never waits for ever.
        expect(await settled(Promise.all(ends))).toBe(true);
        expect(most).toBeLessThanOrEqual(max + 3 * 16);
      }),
      { numRuns: 300 },
    );
  });
});
