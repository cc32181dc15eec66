/** Each round trip costs its time in every call: these are all that there are. */
import { describe, expect, it } from '@jest/globals';
import { pngOf } from '../../support/pictures.ts';
import { createWorld, PAGE, type WorldParts } from '../../support/world.ts';

const site = {
  [PAGE]: { type: 'text/html', body: '<img src="a.png"><img src="b.png">' },
  [`${PAGE}a.png`]: { type: 'image/png', body: pngOf(1), etag: '"1"' },
  [`${PAGE}b.png`]: { type: 'image/png', body: pngOf(2), etag: '"2"' },
};

/** A world that writes down what its bucket and its cache are asked, in order. */
function countedWorld(parts: WorldParts = {}) {
  const calls: string[] = [];
  const noted = (where: string): NonNullable<WorldParts['storeIntercept']> => {
    return ({ method, target }, apply) => {
      // To remove nothing is no request.
      if (method !== 'remove' || target !== '') calls.push(`${where} ${method}`);
      return apply();
    };
  };
  const world = createWorld({
    site,
    storeIntercept: noted('bucket'),
    cacheIntercept: noted('cache'),
    ...parts,
  });
  return { world, take: () => calls.splice(0).sort(), asked: () => world.web.asked.splice(0).sort() };
}

const pages = [PAGE, `${PAGE}a.png`, `${PAGE}b.png`];

describe('the round trips', () => {
  it('of a POST are one for each image and the fewest that the order of writing allows', async () => {
    const { world, take, asked } = countedWorld();
    await world.post();
    expect(take()).toEqual([
      'bucket put',
      'bucket put',
      'bucket read',
      'bucket verify',
      'bucket write',
      'cache markBusy',
      'cache release',
      'cache settle',
      'cache take',
    ]);
    expect(asked()).toEqual(pages);
  });

  it('of a PUT that finds nothing new are no upload, no commit and no removal', async () => {
    const { world, take, asked } = countedWorld();
    await world.post();
    take();
    asked();
    const bytes = world.web.bytes.image;
    await world.put();
    expect(take()).toEqual([
      'bucket read',
      'bucket verify',
      'cache markBusy',
      'cache release',
      'cache settle',
      'cache take',
    ]);
    expect(asked()).toEqual(pages);
    expect(world.web.bytes.image).toBe(bytes);
  });

  it('of a POST of a harvested page end with the look at its record', async () => {
    const { world, take, asked } = countedWorld();
    await world.post();
    take();
    asked();
    await expect(world.post()).rejects.toMatchObject({ code: 'URL_ALREADY_PROCESSED' });
    expect(take()).toEqual(['bucket read', 'cache release', 'cache take']);
    expect(asked()).toEqual([]);
  });

  it('of a look-up are one with a hit, three with a miss', async () => {
    const { world, take } = countedWorld();
    await world.post();
    take();
    await world.get();
    expect(take()).toEqual(['cache read']);
    world.cache.entries.clear();
    await world.get();
    expect(take()).toEqual(['bucket read', 'cache fill', 'cache read']);
  });
});
