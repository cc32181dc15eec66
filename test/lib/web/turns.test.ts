import { describe, expect, it } from '@jest/globals';
import { createTurns } from '../../../lib/web/turns.ts';
import { settled } from '../../support/settled.ts';

const never = new AbortController().signal;

describe('turns', () => {
  it('are taken so many at a time, and the next when one ends, first come first served', async () => {
    const turns = createTurns(2);
    const first = await turns.take(never);
    await turns.take(never);
    const third = turns.take(never);
    const fourth = turns.take(never);
    expect(await settled(third)).toBe(false);
    first();
    expect([await settled(third), await settled(fourth)]).toEqual([true, false]);
    (await third)();
    expect(await settled(fourth)).toBe(true);
  });

  it('are not taken once the time is over, by a newcomer or by one who waits, who leaves the queue', async () => {
    const turns = createTurns(1);
    const end = new AbortController();
    const first = await turns.take(end.signal);
    const waiting = turns.take(end.signal);
    const behind = turns.take(never);
    end.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(turns.take(end.signal)).rejects.toThrow('over');
    first();
    expect(await settled(behind)).toBe(true);
  });

  it('are never more than allowed under a crowd that comes and gives up', async () => {
    const turns = createTurns(3);
    let running = 0;
    let peak = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 300 }, async (_, index) => {
        const end = await turns.take(index % 3 === 0 ? AbortSignal.timeout(index % 7) : never);
        running += 1;
        peak = Math.max(peak, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        end();
      }),
    );
    expect(peak).toBe(3);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(200);
    expect(await settled(Promise.all([1, 2, 3].map(() => turns.take(never))))).toBe(true);
  });
});
