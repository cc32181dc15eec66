/** What is killed and paused: every way through a POST, a PUT and a sweep that writes something. */

import { imageIdOf, pageIdOf } from '../../../../lib/domain/identity.ts';
import { objectName } from '../../../../lib/domain/objectName.ts';
import { pngOf } from '../../../support/pictures.ts';
import type { Point } from './gate.ts';
import type { Site } from './origin.ts';
import type { OperationName } from './service.ts';
import type { World } from './world.ts';

export const PAGE = '/';
/** Shares an image with the page, and must come to no harm. */
export const NEIGHBOUR = '/neighbour';
/** Has objects and no record. */
export const LOST = '/lost';

const neighbour: Site = { [NEIGHBOUR]: '<img src=/a.png><img src=/n.png>', '/n.png': pngOf(90) };

/** The page as it was, as the operation finds it, and as another writer finds it at the same time. */
export const SITES = {
  old: {
    ...neighbour,
    [PAGE]: '<img src=/a.png><img src=/b.png><img src=/c.png>',
    '/a.png': pngOf(1),
    '/b.png': pngOf(2),
    '/c.png': pngOf(3),
  },
  new: {
    ...neighbour,
    [PAGE]: '<img src=/a.png><img src=/b.png><img src=/d.png>',
    '/a.png': pngOf(1),
    '/b.png': pngOf(20),
    '/d.png': pngOf(4),
  },
  other: {
    ...neighbour,
    [PAGE]: '<img src=/b.png><img src=/e.png>',
    // Still there for the neighbour.
    '/a.png': pngOf(1),
    '/b.png': pngOf(21),
    '/e.png': pngOf(5),
  },
  /** The page answers 404. */
  gone: neighbour,
} as const satisfies Readonly<Record<string, Site>>;

export type SiteName = keyof typeof SITES;

export interface Operation {
  readonly name: string;
  readonly run: OperationName;
  /** Brings an empty world to where the operation begins. */
  readonly prepare: (world: World) => Promise<void>;
  /** What the operation meets. */
  readonly site: SiteName;
  /** At this point another writer does a PUT, whatever else happens. */
  readonly meanwhile?: Point;
  /** The first of these waits for the second, which the operation would not wait for. */
  readonly order?: readonly [Point, Point];
}

export const OPERATIONS = {
  firstPost: { name: 'POST, the first of a bucket', run: 'post', site: 'new', prepare: async () => {} },
  post: { name: 'POST of a new page', run: 'post', site: 'new', prepare: harvestNeighbour },
  postOnFence: {
    name: 'POST on an empty record',
    run: 'post',
    site: 'new',
    prepare: async (world) => {
      await harvestNeighbour(world);
      await leaveBehind(world, PAGE);
      await by(world, 'sweep');
    },
  },
  put: { name: 'PUT with changes', run: 'put', site: 'new', prepare: harvestBoth },
  putUnchanged: { name: 'PUT without changes', run: 'put', site: 'old', prepare: harvestBoth },
  putNew: { name: 'PUT of a new page', run: 'put', site: 'new', prepare: harvestNeighbour },
  putGone: {
    name: 'PUT of a page that is gone',
    run: 'put',
    site: 'gone',
    prepare: harvestBoth,
    order: [
      { call: 'web GET /', moment: 'after' },
      { call: 's3 GET mark of the check', moment: 'after' },
    ],
  },
  putLost: {
    name: 'PUT that loses to another',
    run: 'put',
    site: 'new',
    prepare: harvestBoth,
    meanwhile: { call: 'web GET /', moment: 'before' },
  },
  sweep: {
    name: 'sweep of a page with and one without record',
    run: 'sweep',
    site: 'old',
    prepare: async (world) => {
      await harvestBoth(world);
      await leaveBehind(world, PAGE);
      await leaveBehind(world, LOST);
    },
  },
  sweepUnrecorded: {
    name: 'sweep of a page without record',
    run: 'sweep',
    site: 'old',
    prepare: async (world) => {
      await harvestNeighbour(world);
      await leaveBehind(world, PAGE);
    },
  },
} as const satisfies Readonly<Record<string, Operation>>;

async function harvestNeighbour(world: World): Promise<void> {
  world.origin.showOthers(SITES.old);
  await by(world, 'post', NEIGHBOUR);
}

async function harvestBoth(world: World): Promise<void> {
  await harvestNeighbour(world);
  await by(world, 'post', PAGE);
}

/** Two objects as a killed write leaves them. */
async function leaveBehind(world: World, path: string): Promise<void> {
  for (const file of ['x.png', 'y.png']) {
    const imageId = imageIdOf(world.url(`/${file}`));
    await world.leave(objectName(imageId, pageIdOf(world.url(path)), 'f'.repeat(32), file));
  }
}

async function by(world: World, run: OperationName, path = PAGE): Promise<void> {
  const service = world.service();
  const { code } = await service.run(run, world.url(path));
  await service.close();
  if (code !== 'OK') throw new Error(`The world could not be prepared: ${code}`);
}
