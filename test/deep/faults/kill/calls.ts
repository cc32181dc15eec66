/** Every external call that each operation makes when nothing happens to it: a new one must be struck too. */
import { OPERATIONS, type Operation } from './operations.ts';

const WRITER = [
  'redis HELLO',
  'redis SET lock',
  'redis SET page',
  'redis EVAL page',
  'redis EVAL lock',
  's3 GET record',
];
const CHECK = ['s3 GET mark of the check'];
const SITE = ['web GET /', 'web GET /a.png', 'web GET /b.png', 'web GET /d.png'];
const NEW_PAGE = [
  ...WRITER,
  ...CHECK,
  ...SITE,
  's3 PUT a.png',
  's3 PUT b.png',
  's3 PUT d.png',
  's3 PUT record',
];
const CHANGED = [...WRITER, ...CHECK, ...SITE, 's3 PUT b.png', 's3 PUT d.png', 's3 PUT record'];
/** Before the first and the second page; the next note would come before the fourth. */
const PLACES = ['s3 PUT place', 's3 PUT place #2'];
const SWEPT = ['redis EXISTS lock', 'redis GETRANGE page', 's3 PUT record', 's3 DELETE images'];

const CALLS: Readonly<Record<keyof typeof OPERATIONS, readonly string[]>> = {
  firstPost: [
    ...NEW_PAGE,
    // The check itself, which a bucket that has passed it shows by its mark.
    's3 LIST images',
    's3 LIST images #2',
    's3 LIST images #3',
    's3 PUT check',
    's3 PUT check #2',
    's3 PUT check #3',
    's3 PUT check #4',
    's3 PUT check #5',
    's3 GET check',
    's3 GET check #2',
    's3 GET check #3',
    's3 GET check #4',
    's3 GET check #5',
    's3 GET check #6',
    's3 GET mark of the check #2',
    's3 PUT burst',
    's3 DELETE images',
    's3 PUT mark of the check',
  ],
  post: NEW_PAGE,
  postOnFence: NEW_PAGE,
  put: [...CHANGED, 's3 DELETE images'],
  putUnchanged: [...WRITER, ...CHECK, 'web GET /', 'web GET /a.png', 'web GET /b.png', 'web GET /c.png'],
  putNew: NEW_PAGE,
  putGone: [...WRITER, ...CHECK, 'web GET /'],
  // It reads whom it lost to, and takes its own uploads back.
  putLost: [...CHANGED, 's3 GET record #2', 's3 DELETE images'],
  // The neighbour's record, and those of the two pages.
  sweep: [
    ...CHECK,
    's3 GET place',
    's3 LIST images',
    ...PLACES,
    's3 GET record',
    's3 GET record #2',
    's3 GET record #3',
    ...SWEPT,
    ...SWEPT.map((call) => `${call} #2`),
    'redis HELLO',
  ],
  sweepUnrecorded: [
    ...CHECK,
    's3 GET place',
    's3 LIST images',
    ...PLACES,
    's3 GET record',
    's3 GET record #2',
    ...SWEPT,
    'redis HELLO',
  ],
};

/** In alphabetical order: which of those that overlap comes first is a matter of chance. */
export function expectedCalls(operation: Operation, hasRedis: boolean): readonly string[] {
  const names = Object.keys(CALLS) as readonly (keyof typeof CALLS)[];
  const name = names.find((one) => OPERATIONS[one] === operation);
  if (name === undefined) throw new Error(`Nobody has written down the calls of: ${operation.name}`);
  return CALLS[name].filter((call) => hasRedis || !call.startsWith('redis ')).toSorted();
}
