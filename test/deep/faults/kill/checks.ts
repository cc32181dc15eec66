/** What must hold after a kill or a pause at any point. Each check returns a line for each violation. */
import { createHash } from 'node:crypto';
import { pageIdOf } from '../../../../lib/domain/identity.ts';
import type { Item, StoredRecord } from '../../../../lib/domain/model.ts';
import { namesOf } from '../../../../lib/record/namesOf.ts';
import { LOST, NEIGHBOUR, PAGE, SITES, type SiteName } from './operations.ts';
import type { Service } from './service.ts';
import { TIME_MS, type World } from './world.ts';

/** Lock and busy marker last this much longer than the call. */
const MARGIN_MS = 1_000;
const PAGES = [PAGE, NEIGHBOUR, LOST] as const;

/**
 * Every name in a GET response has its object with the recorded SHA-256. GET returns what the record has. The record is
 * one of the page's versions, never a mix of two. The neighbour has lost nothing.
 */
export async function checkReaders(world: World, service: Service): Promise<string[]> {
  const faults: string[] = [];
  for (const path of PAGES) {
    const record = await checkGet(world, service, path, faults);
    if (record?.kind !== 'page') continue;
    for (const { name, sha256 } of record.items) {
      const found = await world.sha256(name);
      if (found === null) faults.push(`${path}: ${nick(name)} is missing`);
      else if (found !== sha256) faults.push(`${path}: ${nick(name)} has changed`);
    }
    if (versionOf(world, path, record) === null) faults.push(`${path}: the record is no version of the page`);
  }
  return faults;
}

/** GET returns what the record has, and every name in it has an object. */
async function checkGet(
  world: World,
  service: Service,
  path: string,
  faults: string[],
): Promise<StoredRecord | undefined> {
  const record = (await world.record(path))?.record;
  const names = [...namesOf(record)];
  const got = await service.get(world.url(path));
  if (got.status !== (record?.kind === 'page' ? 200 : 404)) faults.push(`GET ${path} answers ${got.status}`);
  const strange = got.names.filter((name) => !names.includes(name));
  if (strange.length > 0 || got.names.length !== names.length) {
    faults.push(`GET ${path} has ${got.names.length} names, ${strange.length} of them not in the record`);
  }
  return record;
}

/** The version of the page that has exactly these images; null when no version has. */
function versionOf(world: World, path: string, record: StoredRecord): SiteName | null {
  if (record.kind !== 'page') return null;
  const has = record.items.map(({ url, sha256 }) => `${new URL(url).pathname} ${sha256}`).join();
  const isIt = (name: SiteName) => {
    const site: Readonly<Record<string, string | Buffer>> = SITES[name];
    const sources = String(site[path] ?? '').matchAll(/src=([^>]*)/g);
    const wanted = [...sources].map(([, source = '']) => `${source} ${hash(site[source] ?? '')}`);
    return wanted.join() === has;
  };
  const names = Object.keys(SITES) as SiteName[];
  const name = names.find((site) => site !== 'gone' && isIt(site)) ?? null;
  return record.url === world.url(path) ? name : null;
}

/** The lock and the marker of a killed call expire just after the end of the call. */
async function checkTtl(world: World): Promise<string[]> {
  const faults: string[] = [];
  const pageId = pageIdOf(world.url(PAGE));
  for (const key of [`lock:${pageId}`, `page:${pageId}`]) {
    const ms = await world.ttl(key);
    const most = key.startsWith('lock') ? TIME_MS + MARGIN_MS : Math.max(TIME_MS + MARGIN_MS, 300_000);
    if (ms !== null && ms > most) faults.push(`${key.slice(0, 4)} stays for ${ms} ms`);
  }
  return faults;
}

/** After the lock has expired, the page can be written: by POST when it has no record, by PUT always. */
export async function checkWriters(world: World, service: Service): Promise<string[]> {
  const faults = await checkTtl(world);
  await world.expire(PAGE);
  world.origin.showOthers(SITES.new);
  const had = (await world.record(PAGE))?.record.kind === 'page';
  const post = await service.run('post', world.url(PAGE));
  const expected = had ? 'URL_ALREADY_PROCESSED' : 'OK';
  if (post.code !== expected) faults.push(`the next POST is ${post.code}, not ${expected}`);
  world.origin.showOthers(SITES.other);
  const put = await service.run('put', world.url(PAGE));
  if (put.status !== 200) faults.push(`the next PUT is ${put.status} ${put.code}`);
  const record = (await world.record(PAGE))?.record;
  if (record === undefined || versionOf(world, PAGE, record) !== 'other') {
    faults.push('the next PUT did not bring the page up to date');
  }
  const objects = await world.objects();
  const missing = [...namesOf(record)].filter((name) => !objects.includes(name));
  if (missing.length > 0) faults.push(`after the next PUT ${missing.map(nick).join()} is missing`);
  await checkGet(world, service, PAGE, faults);
  return faults;
}

/** A sweep in two days' time leaves no orphan, and touches nothing that a record names. */
export async function checkSweep(world: World, service: Service): Promise<string[]> {
  const faults = await checkTtl(world);
  await world.expire(PAGE);
  const before = await itemsOf(world);
  const { sweep } = await service.run('sweep', world.url(PAGE));
  if (sweep?.finished !== true || sweep.failed > 0 || sweep.leftAlone > 0) {
    faults.push(`the sweep reports ${JSON.stringify(sweep)}`);
  }
  const after = await itemsOf(world);
  if (JSON.stringify(before) !== JSON.stringify(after)) faults.push('the sweep changed what pages have');
  const named = new Set(after.flat().map(({ name }) => name));
  const objects = new Set(await world.objects());
  const orphans = [...objects].filter((name) => !named.has(name));
  if (orphans.length > 0) faults.push(`the sweep left ${orphans.map(nick).join()}`);
  const missing = [...named].filter((name) => !objects.has(name));
  if (missing.length > 0) faults.push(`after the sweep ${missing.map(nick).join()} is missing`);
  await checkGet(world, service, PAGE, faults);
  return faults;
}

/** The items of all pages, by page. */
function itemsOf(world: World): Promise<readonly (readonly Item[])[]> {
  return Promise.all(
    PAGES.map(async (path) => {
      const record = (await world.record(path))?.record;
      return record?.kind === 'page' ? record.items : [];
    }),
  );
}

/** A short name of an object for messages: its file name and the first digits of its operation. */
function nick(name: string): string {
  const [, , , opId = '', file = ''] = name.split('/');
  return `${file} of ${opId.slice(0, 4)}`;
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
