/** One call of a function, triggered by an HTTP request, a schedule or a queue message. */
import type { Context } from 'aws-lambda';
import type { Clock, Measures, Metrics } from '../domain/ports.ts';
import { INVOCATION_MS } from '../domain/times.ts';
import { boundedStorage } from './boundedStorage.ts';
import { measuredStorage, type Storage } from './measuredStorage.ts';

/** What every call needs. */
export interface CallServices extends Storage {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

export interface Call {
  /** On `clock.elapsed()`, ms. */
  readonly start: number;
  /** On `clock.elapsed()`, ms: the function ends then. */
  readonly deadline: number;
  readonly measures: Measures;
  /** The call's id in the log. Absent in tests and in some local runners. */
  readonly requestId?: string;
  /** Host and port of the page, set once known. The log has no more of a URL than this. */
  urlHost?: string;
}

export function openCall(clock: Clock, context?: Context): Call {
  const start = clock.elapsed();
  // The remaining time and the id are absent in tests and in some local runners.
  const leftMs = context?.getRemainingTimeInMillis?.() ?? INVOCATION_MS;
  const requestId = context?.awsRequestId as string | undefined;
  return { start, deadline: start + leftMs, measures: {}, ...(requestId !== undefined && { requestId }) };
}

/**
 * The same services, with storage that is measured and bounded by the call's deadline.
 * @param removeMs limit of one removal
 */
export function servicesOf<S extends CallServices>(
  services: S,
  { measures, deadline }: Call,
  removeMs?: number,
): S {
  const { clock } = services;
  const measured = measuredStorage(services, clock, measures);
  return { ...services, ...boundedStorage(measured, clock, deadline, removeMs) };
}
