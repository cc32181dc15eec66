/** Reports a call to the operators when it is over: one log line, and its metrics. */
import type { Clock, Metrics } from '../domain/ports.ts';
import { Problem, type ProblemCode } from '../domain/problem.ts';
import type { Call } from './call.ts';
import { describe, messageOf } from './describe.ts';

export interface CallEnd {
  /** `get`, `post`, `put`, `sweep`, …: a label of the metrics. */
  readonly operation: string;
  /** Absent when the call succeeded. */
  readonly error?: Error | null | undefined;
  /** Further members of the log line. */
  readonly facts?: object;
  /** False: the metrics do not count this call. */
  readonly isCounted?: boolean;
}

/** Failures of the service itself, which its operator has to look at. A page that is down is not one. */
const OUR_FAILURES: ReadonlySet<string> = new Set<ProblemCode>(['INTERNAL', 'STORAGE_UNAVAILABLE']);

/** Writes the log line and emits the metrics. Only the log line has the cause of a failure. */
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

/** Rounds durations: a log needs no fractions of a millisecond. */
const wholeNumbers = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value) : value);
