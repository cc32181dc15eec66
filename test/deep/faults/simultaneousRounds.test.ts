/** C02: a thousand rounds of calls that overlap; a reader is told the old list or the new one, never a mix. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { StoredRecord } from '../../../lib/domain/model.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import type { Intercept } from '../../fakes/intercept.ts';
import { createRandom } from '../../support/random.ts';
import { createWorld, PAGE } from '../../support/world.ts';
import { report } from '../hostile/support/figures.ts';
import { SITES, siteOf } from './order/site.ts';

const ROUNDS = 1_000;
/** Event loop turns that a call may take: more than it takes the others to make a few of theirs. */
const TURNS_MAX = 3;
/** Far more than fit into one write. */
const READS_MAX = 200;

type Call = 'post' | 'put' | 'get';

const ROWS: readonly { readonly calls: readonly Call[]; readonly isNew: boolean }[] = [
  { calls: ['post', 'put', 'get'], isNew: true },
  { calls: ['put', 'put', 'get'], isNew: false },
  { calls: ['put', 'get'], isNew: false },
];

describe.each([{ redis: 'with Redis' }, { redis: 'without Redis' }])('C02 $redis', ({ redis }) => {
  it.each(ROWS)(
    `C02 ${ROUNDS} rounds of $calls`,
    async ({ calls, isNew }) => {
      const tally: Record<string, number> = {};
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const result of await playRound(round, calls, isNew, redis === 'with Redis'))
          tally[result] = (tally[result] ?? 0) + 1;
      }
      report({
        inputs: ROUNDS,
        said: `${redis}, ${ROUNDS} rounds of ${calls.join(' ∥ ')}: ${JSON.stringify(tally)}`,
      });
      expect(tally['get OK']).toBeGreaterThan(ROUNDS / 10);
    },
    300_000,
  );
});

/** @returns what each call came to; throws where a list is no record's, or an object is missing */
async function playRound(
  seed: number,
  calls: readonly Call[],
  isNew: boolean,
  hasRedis: boolean,
): Promise<readonly string[]> {
  const random = createRandom(seed);
  /** The page's records, oldest first. */
  const records: (StoredRecord | undefined)[] = [];
  const linger = async (apply: () => Promise<unknown>) => {
    for (let turns = random.below(TURNS_MAX); turns > 0; turns -= 1) await setImmediate();
    const value = await apply();
    note();
    for (let turns = random.below(TURNS_MAX); turns > 0; turns -= 1) await setImmediate();
    return value;
  };
  const intercept: Intercept = (_, apply) => linger(apply);
  const world = createWorld({ site: siteOf(0), storeIntercept: intercept, cacheIntercept: intercept });
  /** What is new in the bucket; and whatever is there, its objects are there too. */
  const note = () => {
    const record = world.store.kept.get(pageIdOf(PAGE));
    if (record !== records.at(-1)) records.push(record);
    expect(world.missing()).toEqual([]);
  };
  if (!hasRedis) world.cache.setDown(true);
  if (!isNew) await world.post();
  else records.push(undefined);

  const outcome = async (call: Call): Promise<string> => {
    const first = records.length - 1;
    try {
      const done = call === 'get' ? world.get() : world[call]().then(({ record }) => record);
      const told = (await done).items.map(({ name }) => name).join();
      // A writer's own list was current at its commit, a reader's while it was at work.
      const lists = records.slice(first).map(listOf);
      expect(lists).toContain(told);
      if (call !== 'get') return `${call} OK`;
      return lists.length > 1 && told === lists[0] ? 'get a list just replaced' : 'get OK';
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'PAGE_NOT_FOUND') expect(records.slice(first)).toContain(undefined);
      return `${call} ${error.code}`;
    }
  };
  let areWriting = true;
  const readAllTheTime = async () => {
    const results: string[] = [];
    for (let reads = 0; areWriting && reads < READS_MAX; reads += 1) results.push(await outcome('get'));
    return [...results, await outcome('get')];
  };
  const writing = calls
    .filter((call) => call !== 'get')
    .map((call) => {
      // Each finds the page as it is when it asks for it.
      for (const [url, resource] of Object.entries(siteOf(random.below(SITES)))) world.web.set(url, resource);
      return outcome(call);
    });
  const reading = readAllTheTime();
  const results = await Promise.all(writing).finally(() => {
    areWriting = false;
  });
  const read = await reading;
  expect(results.filter((result) => result === 'post OK').length).toBeLessThanOrEqual(1);
  expect(results.some((result) => result === 'put OK' || result === 'post OK')).toBe(true);
  expect(world.orphans()).toEqual([]);
  return [...results, ...read];
}

function listOf(record: StoredRecord | undefined): string {
  return record?.kind === 'page' ? record.items.map(({ name }) => name).join() : '';
}
