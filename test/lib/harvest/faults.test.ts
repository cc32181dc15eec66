import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { StoredRecord } from '../../../lib/domain/model.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import type { Intercept } from '../../fakes/intercept.ts';
import { pngOf } from '../../support/pictures.ts';
import { until } from '../../support/until.ts';
import { codeOf, createWorld, PAGE, problemOf } from '../../support/world.ts';

const site = () => ({
  [PAGE]: { type: 'text/html', body: '<img src=a.png><img src=b.png>' },
  [`${PAGE}a.png`]: { body: pngOf(1) },
  [`${PAGE}b.png`]: { body: pngOf(2) },
});
const down = () => new Problem('STORAGE_UNAVAILABLE', { detail: 'down', retryAfterSeconds: 5 });
const unclear = { kind: 'unclear', cause: new Error('reset') };

/** Breaks the nth call of a method, and lets every other call through. */
const breaking =
  (method: string, nth: number, how: (apply: () => Promise<unknown>) => Promise<unknown>): Intercept =>
  (call, apply) =>
    call.method === method && call.nth === nth ? how(apply) : apply();

describe('a POST whose bucket fails', () => {
  it.each(['read', 'verify', 'put'])(
    'at %s is STORAGE_UNAVAILABLE, takes everything back, and works later',
    async (method) => {
      const world = createWorld({
        site: site(),
        storeIntercept: breaking(method, 1, async () => {
          throw down();
        }),
      });
      expect(await problemOf(world.post())).toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        retryAfterSeconds: 5,
      });
      expect(world.store.objects.size + world.store.kept.size).toBe(0);
      expect(world.cache.entries.size + world.cache.locks.size).toBe(0);
      expect((await world.post()).record.items).toHaveLength(2);
    },
  );

  it('at an upload that was applied all the same removes that too', async () => {
    const world = createWorld({
      site: site(),
      storeIntercept: breaking('put', 2, async (apply) => {
        await apply();
        throw down();
      }),
    });
    expect(await codeOf(world.post())).toBe('STORAGE_UNAVAILABLE');
    expect(world.store.objects.size).toBe(0);
  });

  it('at an upload lets the others that were begun end before it takes them back', async () => {
    const gate = Promise.withResolvers<void>();
    const world = createWorld({
      site: site(),
      storeIntercept: async (call, apply) => {
        if (call.method === 'put' && call.nth === 1) await gate.promise;
        if (call.method !== 'put' || call.nth !== 2) return apply();
        gate.resolve();
        throw down();
      },
    });
    expect(await codeOf(world.post())).toBe('STORAGE_UNAVAILABLE');
    expect(world.store.objects.size).toBe(0);
  });

  it('before the page has arrived ends the fetching too', async () => {
    const world = createWorld({
      site: { [PAGE]: { after: new Promise(() => {}) } },
      storeIntercept: breaking('verify', 1, async () => {
        throw down();
      }),
    });
    expect(await codeOf(world.post())).toBe('STORAGE_UNAVAILABLE');
    expect(world.web.requests[0]?.signal.aborted).toBe(true);
  });

  it('at the commit, certainly, takes everything back', async () => {
    const world = createWorld({
      site: site(),
      storeIntercept: breaking('write', 1, async () => {
        throw down();
      }),
    });
    expect(await codeOf(world.post())).toBe('STORAGE_UNAVAILABLE');
    expect(world.store.objects.size + world.store.kept.size).toBe(0);
    expect(world.cache.entries.size + world.cache.locks.size).toBe(0);
  });

  it('after the commit was applied answers 201 when it can find that out', async () => {
    const world = createWorld({
      site: site(),
      storeIntercept: breaking('write', 1, async (apply) => {
        await apply();
        return unclear;
      }),
    });
    expect((await world.post()).record.items).toHaveLength(2);
    expect(world.missing()).toEqual([]);
    expect(await codeOf(world.post())).toBe('URL_ALREADY_PROCESSED');
  });

  it('tries a commit again that was not applied', async () => {
    const world = createWorld({ site: site(), storeIntercept: breaking('write', 1, async () => unclear) });
    expect((await world.post()).record.items).toHaveLength(2);
    expect(world.store.kept.size).toBe(1);
  });

  it('deletes nothing while nobody can say whether the commit was applied', async () => {
    let isDown = false;
    const world = createWorld({
      site: site(),
      storeIntercept: async (call, apply) => {
        if (call.method === 'write') {
          await apply();
          isDown = true;
          return unclear;
        }
        if (isDown) throw down();
        return apply();
      },
    });
    expect(await codeOf(world.post())).toBe('STORAGE_UNAVAILABLE');
    expect(world.store.objects.size).toBe(2);
    expect(world.missing()).toEqual([]);
    expect(world.cache.locks.size).toBe(0);
    expect([...world.cache.entries.values()]).toMatchObject([{ value: { kind: 'busy' } }]);
    isDown = false;
    expect((await world.get()).items).toHaveLength(2);
  });

  it('answers 201 when only the cleaning up fails', async () => {
    const world = createWorld({
      site: site(),
      storeIntercept: breaking('remove', 1, async () => {
        throw down();
      }),
    });
    expect((await world.post()).record.items).toHaveLength(2);
  });
});

describe('a commit that loses', () => {
  const other: StoredRecord = { schema: 1, kind: 'fence', opId: 'other', predecessors: [] };
  /** Another writer's record arrives just before ours. */
  const overtaken = (record: StoredRecord) =>
    createWorld({
      site: site(),
      storeIntercept: async (call, apply) => {
        if (call.method === 'write' && call.nth === 1) overtakenWorld.store.kept.set(call.target, record);
        return apply();
      },
    });
  let overtakenWorld: ReturnType<typeof createWorld>;

  it('to a sweep’s fence is URL_IN_PROGRESS, takes its uploads back, and the next POST works', async () => {
    overtakenWorld = overtaken(other);
    expect(await problemOf(overtakenWorld.post())).toMatchObject({
      code: 'URL_IN_PROGRESS',
      retryAfterSeconds: 2,
    });
    expect(overtakenWorld.store.objects.size).toBe(0);
    expect(await codeOf(overtakenWorld.get())).toBe('PAGE_NOT_FOUND');
    expect((await overtakenWorld.post()).record).toMatchObject({ predecessors: ['other'] });
  });

  it('to another POST is URL_ALREADY_PROCESSED; another PUT, URL_IN_PROGRESS', async () => {
    const world = createWorld({ site: site() });
    world.cache.setDown(true);
    const gate = Promise.withResolvers<void>();
    world.web.set(`${PAGE}b.png`, { body: pngOf(2), after: gate.promise });
    const late = [codeOf(world.post()), codeOf(world.put())];
    await until(() => world.web.asked.filter((url) => url === `${PAGE}b.png`).length === 2);
    world.web.set(`${PAGE}b.png`, { body: pngOf(2) });
    await world.post();
    gate.resolve();
    expect(await Promise.all(late)).toEqual(['URL_ALREADY_PROCESSED', 'URL_IN_PROGRESS']);
    expect(world.orphans()).toEqual([]);
    expect(world.missing()).toEqual([]);
  });

  it('never removes what the winner’s record names', async () => {
    // The answer to our commit is late; meanwhile a PUT has built on it and keeps our objects.
    const world = createWorld({
      site: site(),
      storeIntercept: async (call, apply) => {
        const response = await apply();
        if (call.method !== 'write' || call.nth !== 1) return response;
        const ours = world.store.kept.get(call.target);
        if (ours) world.store.kept.set(call.target, { ...ours, opId: 'later', predecessors: [ours.opId] });
        return unclear;
      },
    });
    expect((await world.post()).record.items).toHaveLength(2);
    expect(world.missing()).toEqual([]);
    // The later writer's cache entry is not ours to fill.
    expect([...world.cache.entries.values()]).toMatchObject([{ value: { kind: 'busy' } }]);
  });
});

describe('a harvest whose Redis fails', () => {
  it.each(['take', 'markBusy', 'settle', 'release'])(
    '(flushed before %s) gives the same answers',
    async (method) => {
      const world = createWorld({
        site: site(),
        cacheIntercept: async (call, apply) => {
          if (call.method === method) world.cache.flush();
          return apply();
        },
      });
      await world.post();
      expect((await world.get()).items).toHaveLength(2);
      world.web.set(PAGE, { type: 'text/html', body: '<img src=b.png>' });
      await world.put();
      expect((await world.get()).items).toHaveLength(1);
      expect(world.orphans()).toEqual([]);
      expect(world.missing()).toEqual([]);
    },
  );

  it.each(['take', 'markBusy', 'settle', 'release', 'read', 'fill'])(
    '(down from %s on) gives the same answers',
    async (method) => {
      const world = createWorld({
        site: site(),
        cacheIntercept: async (call, apply) => {
          if (call.method === method) world.cache.setDown(true);
          return apply();
        },
      });
      await world.post();
      expect((await world.get()).items).toHaveLength(2);
      expect(await codeOf(world.post())).toBe('URL_ALREADY_PROCESSED');
      expect((await world.put()).changes.unchanged).toHaveLength(2);
      expect(world.missing()).toEqual([]);
    },
  );
});

describe('an empty record, left by a sweep', () => {
  it('counts as absent, and the next POST commits over it', async () => {
    const world = createWorld({ site: site() });
    world.store.kept.set(pageIdOf(PAGE), {
      schema: 1,
      kind: 'fence',
      opId: 'sweep',
      predecessors: ['older'],
    });
    expect(await codeOf(world.get())).toBe('PAGE_NOT_FOUND');
    const { record, isNew } = await world.post();
    expect(isNew).toBe(true);
    expect(record.predecessors).toEqual(['sweep', 'older']);
  });
});
