/** How much of the sweep a run makes: all of it by `npm run test:kills`, a share of it otherwise. */
import { randomInt } from 'node:crypto';
import { findProgram } from '../../../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS } from '../../../../local-stack/embedded/redis.ts';
import type { Found } from './killRange.ts';
import type { Operation } from './operations.ts';

/** Set by that command's configuration. */
export const isWhole = process.env.KILL_SWEEP === 'whole';

const hasRedisProgram = findProgram(REDIS_PROGRAMS, process.env.PATH) !== null;

/** What the machine can run: without Redis installed, the runs without a cache. */
export function runnable<T extends { readonly hasRedis: boolean }>(rows: readonly T[]): readonly T[] {
  return rows.filter(({ hasRedis }) => hasRedisProgram || !hasRedis);
}

/** Every operation with Redis and without. */
export function everyOperation(operations: Readonly<Record<string, Operation>>) {
  return Object.values(operations).flatMap((operation) => [
    { operation, hasRedis: true },
    { operation, hasRedis: false },
  ]);
}

/**
 * Where a share begins, by KILL_SWEEP_START: the same place each time, so that a verdict can be had again; another one,
 * which the titles tell, where it is `random`.
 */
const START = readStart(process.env.KILL_SWEEP_START ?? '0');

function readStart(text: string): number {
  if (text === 'random') return randomInt(1_000);
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`KILL_SWEEP_START is a whole number or random, not "${text}".`);
  return Number(text);
}

export interface Share {
  /** Whether the next point, of all that there are in order, is struck. */
  takes(call: string): boolean;
  readonly said: string;
}

/**
 * One point in so many, over all operations; and each at a call that `isAlways` is true of.
 * @param every shares no factor with how many points a call has, so that none of them is left out for good
 */
export function createShare(every: number, isAlways: (call: string) => boolean = () => false): Share {
  let turn = START;
  return {
    takes: (call) => {
      turn += 1;
      return isWhole || isAlways(call) || turn % every === 0;
    },
    said: isWhole
      ? 'all of it'
      : `one in ${every} from KILL_SWEEP_START=${START}; npm run test:kills makes the whole sweep`,
  };
}

/** Jest's own titles; a whole operation takes minutes where the machine is busy. */
export const title = '$operation.name, Redis: $hasRedis';
export const TIMEOUT_MS = 1_200_000;

const EXTENT = isWhole ? 'all of it' : 'the core of it; npm run test:kills makes the whole sweep';

/** Sums up what the tests of a file searched. */
export function createTally(extent = EXTENT) {
  const figures = { operations: 0, calls: 0, points: 0, runs: 0 };
  const answers: Record<string, number> = {};
  return {
    add(found: Found) {
      figures.operations += 1;
      figures.calls += found.calls.length;
      figures.points += found.points;
      figures.runs += found.runs;
      for (const [answer, times] of Object.entries(found.answers))
        answers[answer] = (answers[answer] ?? 0) + times;
    },
    figures: () => figures,
    sentence: (what: string) => {
      const { operations, calls, points, runs } = figures;
      const said = Object.entries(answers)
        .sort(([, a], [, b]) => b - a)
        .map(([answer, times]) => `${times} × ${answer}`);
      const end = said.length === 0 ? '' : `; the paused one answered ${said.join(', ')}`;
      return `${operations} operations with ${calls} external calls, ${runs} of ${points} ${what} (${extent})${end}`;
    },
  };
}
