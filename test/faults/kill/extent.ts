/** How much of the sweep a run makes: all of it by `npm run test:kills`, the core of it otherwise. */
import { findProgram } from '../../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS } from '../../../local-stack/embedded/redis.ts';
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

/** Jest's own titles; a whole operation takes minutes where the machine is busy. */
export const title = '$operation.name, Redis: $hasRedis';
export const TIMEOUT_MS = 1_200_000;

/** Sums up what the tests of a file searched. */
export function createTally() {
  let operations = 0;
  let points = 0;
  let runs = 0;
  const answers: Record<string, number> = {};
  return {
    add(found: Found) {
      operations += 1;
      points += found.calls.length;
      runs += found.runs;
      for (const [answer, times] of Object.entries(found.answers))
        answers[answer] = (answers[answer] ?? 0) + times;
    },
    runs: () => runs,
    sentence: (what: string) => {
      const said = Object.entries(answers)
        .sort(([, a], [, b]) => b - a)
        .map(([answer, times]) => `${times} × ${answer}`);
      const extent = isWhole ? 'all of it' : 'the core of it; npm run test:kills makes the whole sweep';
      const end = said.length === 0 ? '' : `; the paused one answered ${said.join(', ')}`;
      return `${operations} operations with ${points} external calls, ${runs} ${what} (${extent})${end}`;
    },
  };
}
