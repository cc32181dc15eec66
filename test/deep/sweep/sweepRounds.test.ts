/** A sweep that has not the time for everything: where it goes on, and that it ends. */

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { imageIdOf, pageIdOf } from '../../../lib/domain/identity.ts';
import { objectName } from '../../../lib/domain/objectName.ts';
import type { SweepPosition } from '../../../lib/domain/ports.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { type SweepReport, type SweepServices, sweep } from '../../../lib/sweep/sweep.ts';
import { sweepInTime } from '../../../lib/sweep/sweepInTime.ts';
import { hang, type Intercept } from '../../fakes/intercept.ts';
import { createMemoryCache } from '../../fakes/memoryCache.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';
import { itemOf, recordOf } from '../../support/builders.ts';
import { codeOf } from '../../support/world.ts';

const pageOf = (n: number) => `https://site.test/page-${n}`;
const down = () => new Problem('STORAGE_UNAVAILABLE', { detail: 'down' });

interface BucketParts {
  /** What each call costs on the clock, ms; or how it fails. */
  readonly intercept?: Intercept;
  readonly objectsOfPage?: number;
}

/** Pages without a record, each with leftovers under different images: scattered over the whole listing. */
function createBucket(pages: number, { intercept, objectsOfPage = 5 }: BucketParts = {}) {
  let elapsed = 0;
  const store = createMemoryStore({
    intercept: async (call, apply) => {
      // A page is its record's reading: one second.
      if (call.method === 'read') elapsed += 1_000;
      return intercept === undefined ? apply() : intercept(call, apply);
    },
  });
  const cache = createMemoryCache();
  const lastModified = new Date(0);
  const leave = (page: string, file: string) =>
    store.objects.set(objectName(imageIdOf(`${page}/${file}`), pageIdOf(page), 'killed', file), {
      bytes: Buffer.alloc(1),
      contentType: 'image/png',
      lastModified,
    });
  for (let n = 0; n < pages; n += 1) {
    for (let file = 0; file < objectsOfPage; file += 1) leave(pageOf(n), `${file}.png`);
  }
  let ids = 0;
  const services: SweepServices = {
    ...store,
    cache: cache.cache,
    lock: cache.lock,
    clock: { ...systemClock, elapsed: () => elapsed },
    newId: () => `sweep${++ids}`,
  };
  return {
    store,
    services,
    leave,
    /** A sweep that has time for so many pages. */
    run: (time: number): Promise<SweepReport> => sweep(services, elapsed + time * 1_000 + 500),
    reads: () => store.calls.filter(({ method }) => method === 'read').length,
    writes: () => store.calls.filter(({ method }) => method === 'writeProgress').length,
    spend: (ms: number) => {
      elapsed += ms;
    },
  };
}

describe('a sweep without time for everything', () => {
  it.each([1, 5, 50])(
    'has been at 200 pages of %i objects in 4 runs with time for 60',
    async (objectsOfPage) => {
      const bucket = createBucket(200, { objectsOfPage });
      const left: number[] = [];
      for (let run = 0; run < 4; run += 1) {
        expect(await bucket.run(60)).toMatchObject({ failed: 0, leftAlone: 0, positionSaved: true });
        left.push(bucket.store.objects.size / objectsOfPage);
      }
      expect(left).toEqual([140, 80, 20, 0]);
    },
  );

  it('goes round: the fourth run spends its time on the pages of the beginning again', async () => {
    const bucket = createBucket(200);
    for (let run = 0; run < 3; run += 1) expect((await bucket.run(60)).finished).toBe(false);
    for (let n = 0; n < 200; n += 1) bucket.leave(pageOf(n), 'new.png');
    expect(await bucket.run(60)).toMatchObject({ fenced: 60, finished: false });
    expect(await bucket.run(200)).toMatchObject({ finished: true });
    expect(bucket.store.objects.size).toBe(0);
  });

  it('is finished when it has been everywhere, from wherever it began, and lists each object once', async () => {
    const bucket = createBucket(50);
    expect((await bucket.run(20)).finished).toBe(false);
    expect(bucket.store.objects.size).toBe(150);
    for (let n = 0; n < 50; n += 1) bucket.leave(pageOf(n), 'new.png');
    expect(await bucket.run(100)).toMatchObject({ finished: true, listed: 200, removed: 200 });
  });

  it('looks at every page within as many runs as its time needs, whatever is written between them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 15 }),
        fc.array(fc.nat(60), { maxLength: 40 }),
        async (pages, time, additions) => {
          const bucket = createBucket(pages);
          const old = new Set(bucket.store.objects.keys());
          const added = [...additions];
          // Those that come in between are looked at as well.
          const runs = Math.ceil((pages + additions.length) / time) + 1;
          for (let run = 0; run < runs; run += 1) {
            await bucket.run(time);
            for (const n of added.splice(0, 3)) bucket.leave(pageOf(n), `added-${run}.png`);
          }
          expect([...bucket.store.objects.keys()].filter((name) => old.has(name))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 3, 7, 60])(
    'that is killed at its page %i has lost no more than half of its way',
    async (page) => {
      let reads = 0;
      let isKilled = false;
      const bucket = createBucket(200, {
        intercept: async (call, apply) => {
          if (call.method === 'read') reads += 1;
          if (isKilled || (reads === page && call.method === 'read')) {
            isKilled = true;
            throw new Error('killed');
          }
          return apply();
        },
      });
      await expect(bucket.run(1_000)).rejects.toThrow('killed');
      isKilled = false;
      expect(200 - bucket.store.objects.size / 5).toBe(page - 1);
      reads = -1_000;
      // Half of its way, and the page that was being swept, are left to the end of the next one's round.
      await bucket.run(200 - Math.floor(page / 2));
      expect(bucket.store.objects.size / 5).toBeLessThanOrEqual(1);
    },
  );

  it('is not stopped for good by a page that kills it', async () => {
    let isOn = true;
    const deadly = pageIdOf(pageOf(3));
    const bucket = createBucket(20, {
      intercept: async (call, apply) => {
        if (isOn && call.method === 'read' && call.target === deadly) {
          isOn = false;
          throw new Error('killed');
        }
        // Nothing of a killed process is written any more.
        if (!isOn) throw new Error('killed');
        return apply();
      },
    });
    for (let run = 0; run < 12 && bucket.store.objects.size > 5; run += 1) {
      isOn = true;
      await bucket.run(1_000).catch(() => undefined);
    }
    expect([...bucket.store.objects.keys()].every((name) => name.includes(deadly))).toBe(true);
  });

  it('begins no page after its time, not even one that has nothing to remove', async () => {
    const bucket = createBucket(30);
    for (let n = 0; n < 30; n += 1) {
      const names = [...bucket.store.objects.keys()].filter((name) => name.includes(pageIdOf(pageOf(n))));
      const items = names.map((name) => itemOf(`${pageOf(n)}/x.png`, { name }));
      bucket.store.kept.set(pageIdOf(pageOf(n)), recordOf(items, { url: pageOf(n) }));
    }
    expect(await bucket.run(10)).toMatchObject({ fenced: 0, finished: false });
    expect(bucket.reads()).toBe(11);
  });

  it('writes its place down a bounded number of times', async () => {
    const bucket = createBucket(500);
    await bucket.run(1_000);
    expect(bucket.writes()).toBeLessThanOrEqual(10);
    await bucket.run(300);
    expect(bucket.writes()).toBeLessThanOrEqual(20);
  });

  it('passes ten sick pages in a row: the next one begins behind them', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => pageIdOf(pageOf(n))).sort();
    const sick = new Set(ids.slice(4, 14));
    const bucket = createBucket(30, {
      intercept: async (call, apply) => {
        if (call.method === 'read' && sick.has(call.target)) throw down();
        return apply();
      },
    });
    expect(await codeOf(bucket.run(1_000))).toBe('STORAGE_UNAVAILABLE');
    expect(bucket.store.objects.size / 5).toBe(26);
    await bucket.run(16);
    expect(bucket.store.objects.size / 5).toBe(10);
  });

  it('tells when the place cannot be written, and sweeps all the same', async () => {
    const bucket = createBucket(20, {
      intercept: async (call, apply) => {
        if (call.method.endsWith('Progress')) throw down();
        return apply();
      },
    });
    expect(await bucket.run(5)).toMatchObject({ fenced: 5, finished: false, positionSaved: false });
    expect(bucket.writes()).toBeLessThanOrEqual(2);
  });

  it.each<[string, SweepPosition]>([
    ['behind all keys', { after: 'images/z', until: 'images/zz', pageId: '' }],
    ['before all keys', { after: '', until: '', pageId: 'f'.repeat(32) }],
    ['turned round', { after: 'images/f', until: 'images/1', pageId: '8'.repeat(32) }],
    ['of everything', { after: '', until: 'images/z', pageId: 'f'.repeat(32) }],
    ['in the middle', { after: 'images/4', until: 'images/c', pageId: '8'.repeat(32) }],
  ])('that begins at a place %s goes round once all the same', async (_, position) => {
    const bucket = createBucket(40);
    bucket.store.sweptTo.position = position;
    expect(await bucket.run(1_000)).toMatchObject({ listed: 200, removed: 200, finished: true });
  });

  it('makes way beside another one that runs at the same time', async () => {
    const bucket = createBucket(60);
    for (let run = 0; run < 6 && bucket.store.objects.size > 0; run += 1) {
      await Promise.all([bucket.run(30), bucket.run(30)]);
    }
    expect(bucket.store.objects.size).toBe(0);
  });
});

describe('a sweep always ends with its report', () => {
  // Five seconds of it are kept for the note and the report.
  const LEFT_MS = 5_900;
  const timed = async (bucket: ReturnType<typeof createBucket>) => {
    const start = performance.now();
    const clock = systemClock;
    const report = await sweepInTime({ ...bucket.services, clock }, clock.elapsed() + LEFT_MS);
    return { report, ms: performance.now() - start };
  };

  it.each(['read', 'write', 'remove', 'list', 'readProgress', 'writeProgress'])(
    'when every %s hangs',
    async (method) => {
      const bucket = createBucket(3, {
        intercept: (call, apply) => (call.method === method ? hang() : apply()),
      });
      const { report, ms } = await timed(bucket);
      expect(ms).toBeLessThan(LEFT_MS);
      expect(report).toMatchObject({ failed: 0, finished: false });
    },
    30_000,
  );

  it('and tells what it did before the bucket hung', async () => {
    const bucket = createBucket(9, {
      intercept: (call, apply) => (call.method === 'read' && call.nth > 4 ? hang() : apply()),
    });
    const { report } = await timed(bucket);
    expect(report).toMatchObject({ fenced: 4, removed: 20, finished: false, positionSaved: true });
    const ids = Array.from({ length: 9 }, (_, n) => pageIdOf(pageOf(n))).sort();
    // The page that was under way is the next one's first.
    expect(bucket.store.sweptTo.position?.pageId).toBe(ids[3]);
  }, 30_000);

  it('removes what takes longer than a call may wait for a removal', async () => {
    const bucket = createBucket(1, {
      intercept: async (call, apply) => {
        if (call.method === 'remove') await new Promise((resolve) => setTimeout(resolve, 2_200));
        return apply();
      },
    });
    const clock = systemClock;
    expect(await sweepInTime({ ...bucket.services, clock }, clock.elapsed() + 60_000)).toMatchObject({
      removed: 5,
    });
  }, 30_000);
});
