/** How many points of the kill sweep a run strikes: all with `npm run test:kills`, a share otherwise. */
import { randomInt } from 'node:crypto';
import { findProgram } from '../../../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS } from '../../../../local-stack/embedded/redis.ts';
import type { Found } from './killRange.ts';
import type { Operation } from './operations.ts';

/** The configuration of that command sets this. */
export const isWhole = process.env.KILL_SWEEP === 'whole';

const hasRedisProgram = findProgram(REDIS_PROGRAMS, process.env.PATH) !== null;

/** The rows that this machine can run: without Redis installed, those without a cache. */
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
 * The first point of a share, from KILL_SWEEP_START. By default it is the same in each run, so that a verdict can be
 * reproduced. With `random` it is a different one, which the titles name.
 */
const START = readStart(process.env.KILL_SWEEP_START ?? '0');

function readStart(text: string): number {
  if (text === 'random') return randomInt(1_000);
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`KILL_SWEEP_START is a whole number or random, not "${text}".`);
  return Number(text);
}

export interface Share {
  /** Whether the next point is struck. Call it for all points in order. */
  takes(call: string): boolean;
  readonly said: string;
}

/**
 * A share of one point in `every`, over all operations, and all points of calls for which `isAlways` is true.
 * @param every has no common factor with the number of points of a call, so that no kind of point is always left out
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

/** Title for Jest. A whole operation takes minutes on a busy machine. */
export const title = '$operation.name, Redis: $hasRedis';
export const TIMEOUT_MS = 1_200_000;

const EXTENT = isWhole ? 'all of it' : 'the core of it; npm run test:kills makes the whole sweep';

/** A sum of what the tests of a file searched. */
export function createTally(extent = EXTENT) {
  const figures = { operations: 0, calls: 0, points: 0, runs: 0 };
  const responses: Record<string, number> = {};
  return {
    add(found: Found) {
      figures.operations += 1;
      figures.calls += found.calls.length;
      figures.points += found.points;
      figures.runs += found.runs;
      for (const [response, times] of Object.entries(found.results))
        responses[response] = (responses[response] ?? 0) + times;
    },
    figures: () => figures,
    sentence: (what: string) => {
      const { operations, calls, points, runs } = figures;
      const said = Object.entries(responses)
        .sort(([, a], [, b]) => b - a)
        .map(([result, times]) => `${times} × ${result}`);
      const end = said.length === 0 ? '' : `; the paused one answered ${said.join(', ')}`;
      return `${operations} operations with ${calls} external calls, ${runs} of ${points} ${what} (${extent})${end}`;
    },
  };
}
