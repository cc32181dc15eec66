/**
 * C03: POST, PUT and sweep run in a child process that is killed (SIGKILL) at every external call: before the request
 * arrives, after it was carried out and before its answer arrives, and with the request arriving late, when the next
 * writer is done already.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { createTally, everyOperation, isWhole, runnable, TIMEOUT_MS, title } from './kill/extent.ts';
import { type KillRange, openKillRange } from './kill/killRange.ts';
import { OPERATIONS } from './kill/operations.ts';
import type { Kill } from './kill/runs.ts';

const KINDS: readonly Kill[] = isWhole ? ['before', 'after', 'late'] : ['before', 'after'];
const CORE = [
  { operation: OPERATIONS.post, hasRedis: true },
  { operation: OPERATIONS.put, hasRedis: true },
  { operation: OPERATIONS.sweep, hasRedis: false },
];
const rows = runnable(isWhole ? everyOperation(OPERATIONS) : CORE);

const tally = createTally();
let range: KillRange;

beforeAll(async () => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
  range = await openKillRange();
}, TIMEOUT_MS);

afterAll(() => range.close(), TIMEOUT_MS);

describe('killed at any call, the page stays readable, can be written again, and a sweep tidies up', () => {
  it.each(rows)(
    `C03 ${title}`,
    async ({ operation, hasRedis }) => {
      const found = await range.kills(operation, KINDS, { hasRedis });
      expect(found.faults).toEqual([]);
      expect(found.runs).toBeGreaterThanOrEqual(found.calls.length * 2);
      report({ inputs: found.runs });
      tally.add(found);
    },
    TIMEOUT_MS,
  );

  it('C03 strikes at every call of the operations', () => {
    expect(tally.runs()).toBeGreaterThan(rows.length * 10);
    report({ said: tally.sentence(`kills (${KINDS.join(', ')})`) });
  });
});
