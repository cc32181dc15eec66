/** What a call tells the operators when it is over: one line in the log, and its metrics. */
import type { Clock, Metrics } from '../domain/ports.ts';
import { Problem, type ProblemCode } from '../domain/problem.ts';
import type { Call } from './call.ts';
import { describe, messageOf } from './describe.ts';

export interface CallEnd {
  /** `get`, `post`, `put`, `sweep`, …: a label of the metrics. */
  readonly operation: string;
  /** Absent when the call succeeded. */
  readonly error?: Error | null | undefined;
  /** For the log alone. */
  readonly facts?: object;
  /** False for what nobody would want to count. */
  readonly isCounted?: boolean;
}

/** What an operator has to look at; a page that is down is its own operator's business. */
const OUR_FAILURES: ReadonlySet<string> = new Set<ProblemCode>(['INTERNAL', 'STORAGE_UNAVAILABLE']);

/** The cause of a failure goes to the log alone. */
export async function reportCall(
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
  { start, measures, requestId, urlHost }: Call,
  { operation, error, facts, isCounted = true }: CallEnd,
): Promise<void> {
  const durationMs = clock.elapsed() - start;
  const code = error == null ? 'OK' : error instanceof Problem ? error.code : 'INTERNAL';
  const isOurs = OUR_FAILURES.has(code);
  const level = isOurs ? 'error' : 'info';
  const cause = isOurs ? describe(error) : messageOf(error?.cause);
  const line = { level, operation, code, ...facts, durationMs, requestId, urlHost, ...measures, cause };
  console.log(JSON.stringify(line, wholeNumbers));
  if (isCounted) await metrics.emit({ operation, outcome: code, durationMs, measures });
}

/** Nobody reads fractions of a millisecond in a log. */
const wholeNumbers = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value) : value);
