import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createByteBudget } from '../../../lib/concurrency/byteBudget.ts';
import { settled } from '../../support/settled.ts';

describe('the budget of bytes in flight', () => {
  it('is inclusive: exactly the budget is granted at once, one more byte waits', async () => {
    const budget = createByteBudget(100);
    const oldest = budget.open('me');
    const other = budget.open('me');
    await oldest.take(60);
    await other.take(40);
    const more = other.take(1);
    expect(await settled(more)).toBe(false);
    oldest.close();
    expect(await settled(more)).toBe(true);
  });

  it('never makes the oldest wait, so that nobody waits for ever', async () => {
    const budget = createByteBudget(100);
    const oldest = budget.open('me');
    const other = budget.open('me');
    await other.take(100);
    await oldest.take(1_000);
    oldest.close();
    await other.take(500);
  });

  it('admits those who wait in the order in which they opened', async () => {
    const budget = createByteBudget(10);
    const [first, second, third] = [budget.open('me'), budget.open('me'), budget.open('me')];
    await first.take(10);
    const late = third.take(10);
    const early = second.take(10);
    first.close();
    expect(await settled(early)).toBe(true);
    expect(await settled(late)).toBe(false);
    second.close();
    expect(await settled(late)).toBe(true);
  });

  it('lets a share that is closed while it waits go', async () => {
    const budget = createByteBudget(10);
    const [first, second] = [budget.open('me'), budget.open('me')];
    await first.take(10);
    const waiting = second.take(5);
    second.close();
    await waiting;
    first.close();
    await budget.open('me').take(10);
  });

  it('counts nothing for a share that is closed already', async () => {
    const budget = createByteBudget(10);
    const [closed, oldest, other] = [budget.open('me'), budget.open('me'), budget.open('me')];
    closed.close();
    await closed.take(10);
    await oldest.take(5);
    expect(await settled(other.take(5))).toBe(true);
  });

  it('never makes the oldest of a caller wait, whatever another one keeps', async () => {
    const budget = createByteBudget(10);
    const [greedy, more] = [budget.open('greedy'), budget.open('greedy')];
    const [first, second, third] = [budget.open('other'), budget.open('other'), budget.open('other')];
    await greedy.take(5);
    await more.take(5);
    expect(await settled(first.take(7))).toBe(true);
    const [inTurn, last] = [second.take(7), third.take(7)];
    expect(await settled(inTurn)).toBe(false);
    first.close();
    expect([await settled(inTurn), await settled(last)]).toEqual([true, false]);
    second.close();
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
              await share.take(count);
              own += count;
              held += count;
              most = Math.max(most, held);
            }
            if (stalls) return;
            held -= own;
            share.close();
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
