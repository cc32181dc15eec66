/** F10: wall clocks that jump while a call is under way, and sweeps whose clock is not the store's. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { createTally, isWhole, runnable, TIMEOUT_MS, title } from './kill/extent.ts';
import { OPERATIONS } from './kill/operations.ts';
import type { Pause } from './kill/runs.ts';
import { openSuiteRange } from './kill/suiteRange.ts';

const HOUR_MS = 60 * 60 * 1000;
const { post, put, sweep } = OPERATIONS;
/** Where time is short, one call of each kind that writes. */
const only = (call: string) => isWhole || /^redis SET lock|^s3 PUT (?:d\.png|record)$/.test(call);

const tally = createTally();
const range = openSuiteRange();

const jumpsOf = (...hours: readonly number[]): readonly Pause[] =>
  hours.map((hour) => ({ by: [], lock: 'held', setClockMs: hour * HOUR_MS, codes: ['OK'] }));

describe('the wall clock', () => {
  it.each(
    runnable([
      { operation: post, hasRedis: true },
      { operation: put, hasRedis: true },
      { operation: put, hasRedis: false },
      { operation: sweep, hasRedis: true },
    ]),
  )(
    `F10 may jump an hour ahead or back at any call: ${title}`,
    async ({ operation, hasRedis }) => {
      const found = await range.pauses(operation, jumpsOf(1, -1), { hasRedis, only });
      expect(found.faults).toEqual([]);
      expect(Object.keys(found.results)).toEqual([operation === post ? '201 OK' : '200 OK']);
      report({ inputs: found.runs });
      tally.add(found);
    },
    TIMEOUT_MS,
  );

  it.each([
    { operation: post, hasRedis: false, hours: 1 },
    { operation: put, hasRedis: false, hours: -48 },
  ])(
    `F10 of a sweep may differ by $hours hours: it takes no upload of a writer at work: ${title}`,
    async ({ operation, hasRedis, hours }) => {
      const pause: Pause = { by: ['sweep'], lock: 'held', sweepAheadMs: hours * HOUR_MS, codes: ['OK'] };
      const found = await range.pauses(operation, [pause], { hasRedis, only });
      expect(found.faults).toEqual([]);
      report({ inputs: found.runs });
      tally.add(found);
    },
    TIMEOUT_MS,
  );

  it.each(
    runnable([
      { operation: post, hasRedis: true },
      { operation: put, hasRedis: true },
    ]),
  )(
    `F10 of a sweep may be two days ahead: a writer that has its lock is left alone: ${title}`,
    async ({ operation, hasRedis }) => {
      const pause: Pause = { by: ['sweep'], lock: 'held', sweepAheadMs: 48 * HOUR_MS, codes: ['OK'] };
      const found = await range.pauses(operation, [pause], { hasRedis, only });
      expect(found.faults).toEqual([]);
      report({ inputs: found.runs });
      tally.add(found);
    },
    TIMEOUT_MS,
  );

  it('F10 says what was tried', () => {
    expect(tally.figures().runs).toBeGreaterThan(16);
    report({ said: tally.sentence('clock faults') });
  });
});
