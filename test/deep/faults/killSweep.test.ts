/**
 * C03: POST, PUT and sweep run in a child process that is killed (SIGKILL) at every external call. It is killed before
 * the request arrives, or after it was applied and before its response. A third kind of kill lets the request arrive
 * late, after the next writer has ended.
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
import type { Kill } from './kill/runs.ts';
import { openSuiteRange } from './kill/suiteRange.ts';

const KINDS: readonly Kill[] = ['before', 'after', 'late'];
const rows = runnable(everyOperation(OPERATIONS));

/** A prime number, so that no kind of kill is always left out. */
const EVERY = 5;

// The commit, where everything changes, is always struck.
const share = createShare(EVERY, (call) => call.startsWith('s3 PUT record'));
const tally = createTally(share.said);
const range = openSuiteRange();

describe(`killed at any call, the page stays readable, can be written again, and a sweep tidies up (${share.said})`, () => {
  it.each(rows)(
    `C03 ${title}`,
    async ({ operation, hasRedis }) => {
      const { takes } = share;
      const found = await range.kills(operation, KINDS, { hasRedis, takes });
      tally.add(found);
      expect(found.faults).toEqual([]);
      expect(found.calls).toEqual(expectedCalls(operation, hasRedis));
      // A call that only reads the web changes nothing, so it cannot arrive late.
      const late = found.calls.filter((call) => !call.startsWith('web '));
      expect(found.points).toBe(found.calls.length * 2 + late.length);
      if (isWhole) expect(found.runs).toBe(found.points);
      report({ inputs: found.runs });
    },
    TIMEOUT_MS,
  );

  it('C03 strikes at its share of all calls of all operations', () => {
    const { points, runs } = tally.figures();
    expect(points).toBeGreaterThan(0);
    expect(runs).toBeGreaterThanOrEqual(Math.floor(points / EVERY));
    report({ said: tally.sentence(`kills (${KINDS.join(', ')})`) });
  });
});
