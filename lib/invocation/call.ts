/** One call of a function, whatever triggered it: an HTTP request, a schedule, a message of a queue. */
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
  /** Names the call in the log. Absent in tests and in some local runners. */
  readonly requestId?: string;
  /** Host and port of the page, once it is known: for the log, which never gets more of a URL than this. */
  urlHost?: string;
}

export function openCall(clock: Clock, context?: Context): Call {
  const start = clock.elapsed();
  // Both absent in tests and in some local runners.
  const leftMs = context?.getRemainingTimeInMillis?.() ?? INVOCATION_MS;
  const requestId = context?.awsRequestId as string | undefined;
  return { start, deadline: start + leftMs, measures: {}, ...(requestId !== undefined && { requestId }) };
}

/**
 * The same services; what is asked of the bucket is measured, and ends with the call.
 * @param removeMs of one removal
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
