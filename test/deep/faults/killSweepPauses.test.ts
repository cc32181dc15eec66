/**
 * F09: the child is stopped (SIGSTOP) at every external call until after the end of its lock. Meanwhile others write
 * the page or sweep the bucket; then the child continues (SIGCONT). It must lose, or commit on the latest record. It
 * must never overwrite a record, or delete an object that the record names.
 */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { expectedCalls } from './kill/calls.ts';
import {
  createShare,
  createTally,
  everyOperation,
  isWhole,
  runnable,
  TIMEOUT_MS,
  title,
} from './kill/extent.ts';
import { OPERATIONS } from './kill/operations.ts';
import type { Others } from './kill/runs.ts';
import { openSuiteRange } from './kill/suiteRange.ts';

const OTHERS: readonly Others[] = [['put'], ['post'], ['sweep'], ['sweep', 'put'], ['put', 'sweep']];
const rows = runnable(everyOperation(OPERATIONS));

/** It has no common factor with the ten pauses of a call, so that none is always left out. */
const EVERY = 9;

const share = createShare(EVERY);
const tally = createTally(share.said);
const range = openSuiteRange();

describe(`paused at any call while others work, it loses or waits its turn (${share.said})`, () => {
  it.each(rows)(
    `F09 ${title}`,
    async ({ operation, hasRedis }) => {
      const pauses = OTHERS.map((by) => ({ by }));
      const { takes } = share;
      const found = await range.pauses(operation, pauses, { hasRedis, takes });
      tally.add(found);
      expect(found.faults).toEqual([]);
      expect(found.calls).toEqual(expectedCalls(operation, hasRedis));
      expect(found.points).toBe(found.calls.length * 2 * OTHERS.length);
      if (isWhole) expect(found.runs).toBe(found.points);
      report({ inputs: found.runs });
    },
    TIMEOUT_MS,
  );

  it.each(
    runnable([
      { operation: OPERATIONS.put, hasRedis: true },
      { operation: OPERATIONS.putUnchanged, hasRedis: true },
    ]),
  )(
    `F09 ${title}, until the lock and the time of the call end by themselves`,
    async ({ operation, hasRedis }) => {
      // 3 s to fetch, 1 s kept back, and the lock a second longer.
      const pause = { by: ['put'], lock: 'ends', timeMs: 4_000, codes: LATE_CODES } as const;
      const only = (call: string) => isWhole || LATE_CALLS.includes(call);
      const found = await range.pauses(operation, [pause], { hasRedis, only });
      tally.add(found);
      expect(found.faults).toEqual([]);
      expect(found.runs).toBeGreaterThanOrEqual(4);
      report({ inputs: found.runs });
    },
    TIMEOUT_MS,
  );

  it('F09 strikes at its share of all calls of all operations', () => {
    const { points, runs } = tally.figures();
    expect(runs).toBeGreaterThanOrEqual(Math.floor(points / EVERY));
    const outcomes = tally.sentence('pauses');
    expect(outcomes).toMatch(/\d+ × 409 URL_IN_PROGRESS/);
    expect(outcomes).toMatch(/\d+ × 20[01] OK/);
    report({ said: outcomes });
  });
});

/** Calls around the commit, and around the moment at which the cache entry becomes the child's. */
const LATE_CALLS = ['redis SET page', 's3 PUT record', 'redis EVAL page'];
/** After the end of its call, the child may also report that it ran out of time. */
const LATE_CODES = ['OK', 'URL_IN_PROGRESS', 'STORAGE_UNAVAILABLE', 'PAGE_TIMEOUT'];
