import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createYielder, type Yielder } from '../../../lib/concurrency/yielder.ts';

/** So many slices, each told to `onSlice`. */
async function work(yielder: Yielder, slices: number, onSlice: () => void = () => {}): Promise<void> {
  for (let i = 0; i < slices; i += 1) {
    onSlice();
    await yielder.yield();
  }
}

describe('pace', () => {
  it('lets the event loop turn between any two slices, however much work there is', async () => {
    let slices = 0;
    let isOver = false;
    const all = Promise.all(
      Array.from({ length: 20 }, () => work(createYielder(), 10, () => (slices += 1))),
    ).then(() => {
      isOver = true;
    });
    // The first slice of each is its caller's.
    expect(slices).toBe(20);
    let most = 0;
    for (let seen = slices; !isOver; seen = slices) {
      await turn();
      most = Math.max(most, slices - seen);
    }
    await all;
    expect(slices).toBe(200);
    expect(most).toBe(1);
  });

  it('ends long work one after the other, and keeps nobody short waiting for it', async () => {
    const ended: string[] = [];
    const slices = { first: 0, second: 0, third: 0, short: 0 };
    const start = async (name: keyof typeof slices, count: number) => {
      await work(createYielder(), count, () => (slices[name] += 1));
      ended.push(`${name}: ${Object.values(slices).join(' ')}`);
    };
    const long = [start('first', 100), start('second', 100), start('third', 100)];
    while (slices.first < 50) await turn();
    await Promise.all([...long, start('short', 5)]);
    // Waiting work has had its slices in turn with all others, and one more before.
    expect(ended).toEqual([
      'short: 50 6 6 5',
      'first: 100 6 6 5',
      'second: 100 100 6 5',
      'third: 100 100 100 5',
    ]);
  });

  it('gives work up while it waits for its turn', async () => {
    const ending = new AbortController();
    const others = work(createYielder(), 200);
    const given = createYielder(ending.signal);
    const outcome = work(given, 200).catch((error: unknown) => error);
    for (let i = 0; i < 30; i += 1) await turn();
    ending.abort('enough');
    expect(await outcome).toBe('enough');
    await expect(given.yield()).rejects.toBe('enough');
    await others;
  });

  it('is due once a slice is over, and not right after a rest', async () => {
    const yielder = createYielder(undefined, 0);
    const since = performance.now();
    while (performance.now() === since);
    expect(yielder.isDue()).toBe(true);
    const patient = createYielder(undefined, 60_000);
    expect(patient.isDue()).toBe(false);
    await patient.yield();
    expect(patient.isDue()).toBe(false);
  });
});
