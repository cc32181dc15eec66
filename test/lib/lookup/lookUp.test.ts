import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import { pngOf } from '../../support/pictures.ts';
import { codeOf, createWorld, PAGE } from '../../support/world.ts';

const page = (...names: readonly string[]) => ({
  type: 'text/html',
  body: names.map((name) => `<img src="/${name}">`).join(''),
});
const site = {
  [PAGE]: page('a.png', 'b.png'),
  [`${PAGE}two`]: page('b.png'),
  [`${PAGE}a.png`]: { body: pngOf(1) },
  [`${PAGE}b.png`]: { body: pngOf(2) },
};

describe('a look-up', () => {
  it('answers from the cache without asking the bucket', async () => {
    const world = createWorld({ site });
    await world.post();
    const calls = world.store.calls.length;
    expect((await world.get()).items.map((item) => item.url)).toEqual([`${PAGE}a.png`, `${PAGE}b.png`]);
    expect(world.store.calls).toHaveLength(calls);
  });

  it('answers a miss from the bucket with one read, and fills the cache', async () => {
    const world = createWorld({ site });
    await world.post();
    world.cache.flush();
    const calls = world.store.calls.length;
    await world.get();
    await world.get();
    expect(world.store.calls.slice(calls).map(({ method }) => method)).toEqual(['read']);
  });

  it('does not fill the cache while a writer is at work', async () => {
    const world = createWorld({ site });
    await world.post();
    await world.cache.cache.markBusy(pageIdOf(PAGE), 'writer', 60_000);
    expect((await world.get()).items).toHaveLength(2);
    expect([...world.cache.entries.values()]).toMatchObject([{ value: { kind: 'busy' } }]);
  });

  it('never asks the web', async () => {
    const world = createWorld({ site });
    expect(await codeOf(world.get())).toBe('PAGE_NOT_FOUND');
    expect(world.web.asked).toEqual([]);
  });

  it('of an image’s URL gives its copies in all pages', async () => {
    const world = createWorld({ site });
    await world.post();
    await world.post(`${PAGE}two`);
    const found = await world.get(`${PAGE}b.png`);
    expect(found.items.map((item) => item.name.split('/')[2]).sort()).toEqual(
      [PAGE, `${PAGE}two`].map(pageIdOf).sort(),
    );
    expect(found).toMatchObject({ url: `${PAGE}b.png`, complete: true, skipped: [] });
  });

  it('does not count a copy that no current record names', async () => {
    const world = createWorld({ site });
    await world.post();
    const [name = ''] = [...world.store.objects.keys()].filter((key) => key.endsWith('a.png'));
    const copy = world.store.objects.get(name);
    world.store.kept.clear();
    world.cache.flush();
    expect(copy).toBeDefined();
    expect(await codeOf(world.get(`${PAGE}a.png`))).toBe('PAGE_NOT_FOUND');
  });

  it('of a URL that is a page and an image is the page', async () => {
    const world = createWorld({ site });
    await world.post();
    await world.post(`${PAGE}a.png`);
    const found = await world.get(`${PAGE}a.png`);
    expect(found.items).toMatchObject([{ foundIn: [{ element: 'page' }] }]);
  });

  it('with the bucket down is never “not found”', async () => {
    const world = createWorld({
      site,
      storeIntercept: async () => {
        throw new Error('down');
      },
    });
    await expect(world.get()).rejects.toThrow('down');
  });
});
