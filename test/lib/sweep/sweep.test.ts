import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { imageIdOf, pageIdOf } from '../../../lib/domain/identity.ts';
import { objectName } from '../../../lib/domain/objectName.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { sweep } from '../../../lib/sweep/sweep.ts';
import { pngOf } from '../../support/pictures.ts';
import { codeOf, createWorld, PAGE } from '../../support/world.ts';

const site = {
  [PAGE]: { type: 'text/html', body: '<img src=a.png>' },
  [`${PAGE}a.png`]: { body: pngOf(1) },
};
const DAY_MS = 24 * 60 * 60 * 1000;

/** What a killed write left. */
const orphanOf = (page: string, opId = 'f'.repeat(32)) =>
  objectName(imageIdOf(`${page}lost.png`), pageIdOf(page), opId, 'lost.png');

function leave(world: ReturnType<typeof createWorld>, name: string, lastModified = new Date()) {
  world.store.objects.set(name, { bytes: pngOf(9), contentType: 'image/png', lastModified });
}

describe('a sweep', () => {
  it('removes old objects that the record does not name, and no other', async () => {
    const world = createWorld({ site });
    const { record } = await world.post();
    leave(world, orphanOf(PAGE));
    expect(await world.sweepLater()).toEqual({
      listed: 2,
      fenced: 1,
      removed: 1,
      leftAlone: 0,
      failed: 0,
      finished: true,
      positionSaved: true,
    });
    expect([...world.store.objects.keys()]).toEqual(record.items.map((item) => item.name));
    world.cache.flush();
    expect((await world.get()).updatedAt).toBe(record.updatedAt);
  });

  it('fences the record under a new opId that remembers the old one', async () => {
    const world = createWorld({ site });
    const { record } = await world.post();
    leave(world, orphanOf(PAGE));
    await world.sweepLater();
    const fenced = world.store.kept.get(pageIdOf(PAGE));
    expect(fenced).toMatchObject({ predecessors: [record.opId], items: record.items });
    expect(fenced?.opId).not.toBe(record.opId);
  });

  it('touches nothing on a server that ignores conditions', async () => {
    const world = createWorld({
      site,
      storeIntercept: async (call, apply) => {
        if (call.method !== 'verify') return apply();
        throw new Problem('STORAGE_UNAVAILABLE', { detail: 'It ignores If-Match.' });
      },
    });
    leave(world, orphanOf(PAGE));
    expect(await codeOf(world.sweepLater())).toBe('STORAGE_UNAVAILABLE');
    expect(world.store.kept.size).toBe(0);
    expect(world.store.objects.size).toBe(1);
  });

  it('leaves an empty record where there was none, so that a paused writer fails', async () => {
    const world = createWorld({ site });
    leave(world, orphanOf(PAGE));
    await world.sweepLater();
    expect(world.store.objects.size).toBe(0);
    expect(world.store.kept.get(pageIdOf(PAGE))).toMatchObject({ kind: 'fence' });
    expect(await codeOf(world.get())).toBe('PAGE_NOT_FOUND');
  });

  it('writes nothing where there is nothing to remove', async () => {
    const world = createWorld({ site });
    await world.post();
    expect(await world.sweepLater()).toEqual({
      listed: 1,
      fenced: 0,
      removed: 0,
      leftAlone: 0,
      failed: 0,
      finished: true,
      positionSaved: true,
    });
    expect(world.store.calls.filter(({ method }) => method === 'write')).toHaveLength(1);
  });

  it.each([
    [DAY_MS - 1, 0],
    [DAY_MS, 1],
  ])('takes an object of %i ms for a leftover: %i removed', async (age, removed) => {
    const world = createWorld({ site });
    const now = new Date();
    leave(world, orphanOf(PAGE), new Date(now.getTime() - age));
    const clock = { ...systemClock, now: () => now };
    expect(await sweep({ ...world.services, clock }, performance.now() + 60_000)).toMatchObject({ removed });
  });

  it.each(['lock', 'marker'])('leaves a page alone whose writer holds the %s', async (what) => {
    const world = createWorld({ site });
    leave(world, orphanOf(PAGE));
    if (what === 'lock') await world.cache.lock.take(pageIdOf(PAGE), 'writer', 60_000);
    else await world.cache.cache.markBusy(pageIdOf(PAGE), 'writer', 60_000);
    expect(await world.sweepLater()).toMatchObject({ removed: 0, leftAlone: 1 });
    expect(world.store.objects.size).toBe(1);
  });

  it('removes nothing when the fence loses to a writer', async () => {
    const world = createWorld({
      site,
      storeIntercept: async (call, apply) => {
        if (call.method === 'write') {
          world.store.kept.set(call.target, { schema: 1, kind: 'fence', opId: 'writer', predecessors: [] });
        }
        return apply();
      },
    });
    leave(world, orphanOf(PAGE));
    expect(await world.sweepLater()).toMatchObject({ fenced: 0, removed: 0, leftAlone: 1 });
    expect(world.store.objects.size).toBe(1);
  });

  it('makes the commit of a writer that slept through it fail, and nothing dangles', async () => {
    const world = createWorld({
      site,
      storeIntercept: async (call, apply) => {
        if (call.method === 'write' && call.nth === 1) await world.sweepLater();
        return apply();
      },
    });
    world.cache.setDown(true);
    expect(await codeOf(world.post())).toBe('URL_IN_PROGRESS');
    expect(world.missing()).toEqual([]);
    expect(world.store.objects.size).toBe(0);
    await world.post();
    expect(world.missing()).toEqual([]);
  });

  it('ignores names that are not its own and stops when time is over', async () => {
    const world = createWorld({ site });
    leave(world, 'images/something/else.png');
    leave(world, orphanOf(PAGE), new Date(0));
    expect(await sweep(world.services, performance.now() - 1)).toMatchObject({
      removed: 0,
      finished: false,
    });
    await world.sweepLater();
    expect([...world.store.objects.keys()]).toEqual(['images/something/else.png']);
  });

  it('goes on when one page’s record or objects cannot be had, and says so', async () => {
    const sick = pageIdOf(`${PAGE}sick`);
    const world = createWorld({
      site,
      storeIntercept: async (call, apply) => {
        if (call.method === 'read' && call.target === sick)
          throw new Problem('STORAGE_UNAVAILABLE', { detail: 'sick' });
        if (call.method === 'remove' && call.target.includes(pageIdOf(`${PAGE}stuck`))) {
          throw new Problem('STORAGE_UNAVAILABLE', { detail: 'stuck' });
        }
        return apply();
      },
    });
    for (const page of ['sick', 'stuck', 'one', 'two']) leave(world, orphanOf(`${PAGE}${page}`));
    expect(await world.sweepLater()).toMatchObject({ removed: 2, failed: 2, finished: true });
    expect(world.store.objects.size).toBe(2);
  });

  it('gives up on a bucket that fails for page after page', async () => {
    const world = createWorld({
      site,
      storeIntercept: async (call, apply) => {
        if (call.method === 'read') throw new Problem('STORAGE_UNAVAILABLE', { detail: 'down' });
        return apply();
      },
    });
    for (let page = 0; page < 20; page += 1) leave(world, orphanOf(`${PAGE}${page}`));
    expect(await codeOf(world.sweepLater())).toBe('STORAGE_UNAVAILABLE');
    expect(world.store.calls.filter(({ method }) => method === 'read')).toHaveLength(10);
  });
});
