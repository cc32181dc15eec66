/** What must hold over the whole bucket once everything is well again, whatever went before. */

import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { PageRecord } from '../../../lib/domain/model.ts';
import { type SweepReport, sweep } from '../../../lib/sweep/sweep.ts';
import { type Answer, call } from './callers.ts';
import type { SoakWorld } from './soakWorld.ts';

export interface BucketReport {
  readonly findings: readonly string[];
  readonly pages: number;
  /** Objects that a record names. */
  readonly live: number;
  /** Objects that no record named before the sweep; none must be left after it. */
  readonly orphansBefore: number;
  readonly orphansAfter: number;
  readonly sweep: SweepReport;
  readonly locksHeld: number;
  /** The longest that a page could not be written, ms. */
  readonly writableAfterMs: number;
}

const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;
/** A lock lives as long as a call has, and a second. */
const LOCK_TTL_MS = 31_000;
const ASK_AGAIN_MS = 250;
const AT_ONCE = 4;
/** A picture has little time here, which a busy machine may use up without any fault. */
const MORE_PUTS = 4;

/** @param promised URLs that were told to be harvested */
export async function checkBucket(
  world: SoakWorld,
  pageCount: number,
  promised: ReadonlySet<string>,
): Promise<BucketReport> {
  const findings: string[] = [];
  const pages = Array.from({ length: pageCount }, (_, page) => page);

  // Before anything is written again: whatever the faults left, what was promised has a record, and a record names
  // nothing that is not there.
  await inTurn(pages, async (page) => {
    const record = await recordOf(world, page);
    if (record !== null) findings.push(...(await missingOf(world, record)));
    else if (promised.has(world.site.urlOf(page)))
      findings.push(`page ${page} was harvested and has no record`);
  });

  let writableAfterMs = 0;
  const start = performance.now();
  await inTurn(pages, async (page) => {
    const { response, faults } = await writeAgain(world, page, start);
    findings.push(...faults);
    writableAfterMs = Math.max(writableAfterMs, performance.now() - start);
    await untilWhole(world, page, response);
  });

  const live = new Set<string>();
  const compare = async (page: number) => {
    const record = await recordOf(world, page);
    if (record === null) return void findings.push(`page ${page} has no record after a PUT`);
    for (const { name } of record.items) live.add(name);
    findings.push(...(await missingOf(world, record)), ...differences(world, page, record));
    const { body } = await call(world, 'GET', world.site.urlOf(page));
    const names = record.items.map(({ name }) => name);
    if (JSON.stringify(body.images) !== JSON.stringify(names)) {
      findings.push(`page ${page}: GET does not give what the record names`);
    }
  };
  await inTurn(pages, compare);

  const orphans = async () => {
    let count = 0;
    for await (const { name } of world.services.images.list('images/')) if (!live.has(name)) count += 1;
    return count;
  };
  const orphansBefore = await orphans();
  const clock = { ...systemClock, now: () => new Date(Date.now() + TWO_DAYS_MS) };
  const swept = await sweep({ ...world.services, clock }, performance.now() + 600_000);
  const orphansAfter = await orphans();
  if (!swept.finished || swept.failed > 0 || swept.listed === 0) {
    findings.push(`the sweep did not do its work: ${JSON.stringify(swept)}`);
  }
  if (orphansAfter > 0) findings.push(`${orphansAfter} objects that no record names survived the sweep`);
  await inTurn(pages, compare);

  let locksHeld = 0;
  for (const page of pages) {
    if (await world.services.lock.isHeld(pageIdOf(world.site.urlOf(page)))) locksHeld += 1;
  }
  if (locksHeld > 0) findings.push(`${locksHeld} locks are held by nobody`);
  return {
    findings,
    pages: pageCount,
    live: live.size,
    orphansBefore,
    orphansAfter,
    sweep: swept,
    locksHeld,
    writableAfterMs,
  };
}

async function recordOf({ services, site }: SoakWorld, page: number): Promise<PageRecord | null> {
  const read = await services.records.read(pageIdOf(site.urlOf(page)));
  return read?.record.kind === 'page' ? read.record : null;
}

/** The objects that are not there, or are not what the record says. */
async function missingOf(world: SoakWorld, { items, url }: PageRecord): Promise<readonly string[]> {
  const findings = await Promise.all(
    items.map(async ({ name, sha256 }) => {
      const bytes = await world.readObject(name);
      if (bytes === null) return `${url}: ${name} is not in the bucket`;
      return sha256Of(bytes) === sha256 ? null : `${url}: ${name} has other bytes than the record says`;
    }),
  );
  return findings.filter((finding) => finding !== null);
}

/** PUT until it is done: nothing that died may keep a page for longer than its lock lives. */
async function writeAgain(
  world: SoakWorld,
  page: number,
  start: number,
): Promise<{ readonly response: Answer; readonly faults: readonly string[] }> {
  for (;;) {
    const response = await call(world, 'PUT', world.site.urlOf(page));
    const { status, body } = response;
    if (status === 200 || status === 201) return { response, faults: [] };
    if (performance.now() - start > LOCK_TTL_MS) {
      const fault = `page ${page} cannot be written after ${LOCK_TTL_MS} ms: ${status} ${body.code}`;
      return { response, faults: [fault] };
    }
    await wait(ASK_AGAIN_MS);
  }
}

/** PUT again while pictures were left out, or an old copy stayed in the place of one. What is not there then is told. */
async function untilWhole(world: SoakWorld, page: number, first: Answer): Promise<void> {
  let response = first;
  for (let more = 0; !isWhole(response) && more < MORE_PUTS; more += 1) {
    response = await call(world, 'PUT', world.site.urlOf(page));
  }
}

const isWhole = ({ body: { counts, changes } }: Answer): boolean =>
  counts !== undefined && Object.keys(counts.byCode).length === 0 && changes?.kept.length === 0;

/** Against the site itself, which knows every picture's bytes. */
function differences({ site }: SoakWorld, page: number, { items }: PageRecord): readonly string[] {
  const wanted = JSON.stringify([...site.pictures(page)]);
  const found = JSON.stringify(items.map(({ url, sha256 }) => [url, sha256]));
  return wanted === found ? [] : [`page ${page}: the record is not what the site shows`];
}

async function inTurn<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
