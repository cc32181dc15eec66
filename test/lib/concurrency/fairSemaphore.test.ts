import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createFairSemaphore } from '../../../lib/concurrency/fairSemaphore.ts';
import { settled } from '../../support/settled.ts';

const never = new AbortController().signal;
const MANY = 1_000;

describe('a fair semaphore', () => {
  it('gives as many permits as a key has, and the next when one is released, in order', async () => {
    const { acquire } = createFairSemaphore({ perKey: 2, perOwner: MANY });
    const first = await acquire('a', 'me', never);
    await acquire('a', 'me', never);
    const third = acquire('a', 'me', never);
    const fourth = acquire('a', 'me', never);
    expect(await settled(third)).toBe(false);
    first();
    expect([await settled(third), await settled(fourth)]).toEqual([true, false]);
    // Once more is no news.
    first();
    expect(await settled(fourth)).toBe(false);
  });

  it('gives an owner as many as it may have over all keys, and others theirs', async () => {
    const { acquire } = createFairSemaphore({ perKey: MANY, perOwner: 2 });
    const first = await acquire('a', 'me', never);
    await acquire('b', 'me', never);
    const third = acquire('c', 'me', never);
    expect(await settled(third)).toBe(false);
    expect(await settled(acquire('c', 'you', never))).toBe(true);
    first();
    expect(await settled(third)).toBe(true);
  });

  it('lets another key pass a full one', async () => {
    const { acquire } = createFairSemaphore({ perKey: 1, perOwner: 2 });
    const a = await acquire('a', 'me', never);
    const b = await acquire('b', 'me', never);
    const waitingForA = acquire('a', 'me', never);
    const waitingForB = acquire('b', 'me', never);
    b();
    expect([await settled(waitingForB), await settled(waitingForA)]).toEqual([true, false]);
    a();
    expect(await settled(waitingForA)).toBe(true);
  });

  it('gives more of a key once it is told that there are more', async () => {
    let most = 1;
    const { acquire, serve } = createFairSemaphore({ perKey: () => most, perOwner: MANY });
    await acquire('a', 'me', never);
    const waiting = [acquire('a', 'me', never), acquire('a', 'you', never), acquire('a', 'me', never)];
    most = 3;
    expect(await Promise.all(waiting.map(settled))).toEqual([false, false, false]);
    serve('a');
    expect(await Promise.all(waiting.map(settled))).toEqual([true, true, false]);
  });

  it('gives none of a key that has fewer than are held, until enough are released', async () => {
    let most = 3;
    const { acquire } = createFairSemaphore({ perKey: () => most, perOwner: MANY });
    const held = [
      await acquire('a', 'me', never),
      await acquire('a', 'me', never),
      await acquire('a', 'me', never),
    ];
    const fourth = acquire('a', 'me', never);
    most = 1;
    held[0]?.();
    held[1]?.();
    expect(await settled(fourth)).toBe(false);
    held[2]?.();
    expect(await settled(fourth)).toBe(true);
  });

  it('counts all permits of a shared key as one of its owner', async () => {
    const { acquire } = createFairSemaphore({ perKey: 3, perOwner: 2, isOneFor: (key) => key === 'shared' });
    await acquire('shared', 'me', never);
    await acquire('a', 'me', never);
    expect(await settled(acquire('shared', 'me', never))).toBe(true);
    expect(await settled(acquire('shared', 'me', never))).toBe(true);
    expect(await settled(acquire('shared', 'me', never))).toBe(false);
    expect(await settled(acquire('b', 'me', never))).toBe(false);
  });

  it('lets an owner have what a key no longer counts, with its next release', async () => {
    let isShared = false;
    const { acquire } = createFairSemaphore({ perKey: 8, perOwner: 4, isOneFor: () => isShared });
    const [first] = await Promise.all(Array.from({ length: 4 }, () => acquire('a', 'me', never)));
    const others = ['b', 'b', 'c', 'd'].map((key) => acquire(key, 'me', never));
    isShared = true;
    first?.();
    expect(await Promise.all(others.map(settled))).toEqual([true, true, true, true]);
  });

  it('serves the owner with the fewest permits of the key first, whoever came first', async () => {
    const { acquire } = createFairSemaphore({ perKey: 8, perOwner: MANY });
    const order: string[] = [];
    const release: (() => void)[] = [];
    const want = (owner: string) =>
      acquire('host', owner, never).then((end) => {
        order.push(owner);
        release.push(end);
      });
    for (let i = 0; i < 200; i += 1) void want('many');
    await settled(Promise.resolve());
    for (let i = 0; i < 4; i += 1) void want('few');
    for (let i = 0; i < 8; i += 1) {
      release.shift()?.();
      await settled(Promise.resolve());
    }
    expect(order.slice(8)).toEqual(['few', 'few', 'few', 'few', 'many', 'many', 'many', 'many']);
  });

  it('serves owners by turns where each may have one', async () => {
    const { acquire } = createFairSemaphore({ perKey: 1, perOwner: MANY });
    const order: string[] = [];
    const all = ['a', 'a', 'a', 'b', 'b', 'c'].map(async (owner) => {
      const release = await acquire('decoder', owner, never);
      order.push(owner);
      await settled(Promise.resolve());
      release();
    });
    await Promise.all(all);
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  it('gives nothing once the time is over, to a newcomer or to one who waits, who leaves the queue', async () => {
    const { acquire } = createFairSemaphore({ perKey: 1, perOwner: 1 });
    const end = new AbortController();
    const first = await acquire('a', 'me', end.signal);
    const waiting = acquire('a', 'you', end.signal);
    const behind = acquire('a', 'you', never);
    end.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(acquire('a', 'me', end.signal)).rejects.toThrow('over');
    first();
    expect(await settled(behind)).toBe(true);
  });

  it('keeps its bounds, leaves no permit unused, serves nobody with more before one with fewer, and ends', async () => {
    const want = fc.record({
      owner: fc.constantFrom('p', 'q', 'r', 's'),
      key: fc.constantFrom('a', 'b', 'c'),
      turns: fc.nat({ max: 4 }),
      givesUp: fc.option(fc.nat({ max: 6 }), { freq: 4 }),
    });
    const limits = fc.record({
      perKey: fc.integer({ min: 1, max: 4 }),
      perOwner: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(want, { maxLength: 60 }), limits, async (wants, { perKey, perOwner }) => {
        const { acquire } = createFairSemaphore({ perKey, perOwner });
        const held: { owner: string; key: string }[] = [];
        const waiting: { owner: string; key: string }[] = [];
        const count = (by: Partial<{ owner: string; key: string }>) =>
          held.filter((one) => (by.owner ?? one.owner) === one.owner && (by.key ?? one.key) === one.key)
            .length;
        const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
        const run = async ({ owner, key, turns, givesUp }: (typeof wants)[number]) => {
          const me = { owner, key };
          const stop = new AbortController();
          waiting.push(me);
          if (givesUp !== null) {
            void (async () => {
              for (let i = 0; i < givesUp; i += 1) await turn();
              stop.abort(new Error('over'));
            })();
          }
          const release = await acquire(key, owner, stop.signal).catch(() => null);
          waiting.splice(waiting.indexOf(me), 1);
          if (release === null) return;
          held.push(me);
          expect(count({ key })).toBeLessThanOrEqual(perKey);
          expect(count({ owner })).toBeLessThanOrEqual(perOwner);
          for (let i = 0; i < turns; i += 1) await turn();
          held.splice(held.indexOf(me), 1);
          release();
        };
        const all = Promise.all(wants.map(run));
        let isOver = false;
        void all.then(() => {
          isOver = true;
        });
        while (!isOver) {
          await turn();
          await turn();
          // An owner that still waits cannot be served.
          for (const { owner, key } of waiting) {
            expect(count({ key }) >= perKey || count({ owner }) >= perOwner).toBe(true);
          }
        }
        expect([held, waiting]).toEqual([[], []]);
      }),
      { numRuns: 300 },
    );
  });
});
