/** When a failed attempt is worth one more: after a connection that failed, or as the server itself asks. */

import type { WebResponse } from './exchange.ts';
import { isFaultError } from './faults.ts';

/** A server that restarts, or a kept-alive connection that the server closed as it was used again. */
const AFTER_CONNECT_MS = 100;
/** A wait must leave at least this much for the second attempt. */
const LEFT_MS = 250;

/** Milliseconds to wait, or null: no time for it, or not worth it, as where no address took the connection. */
export function delayAfterError(error: unknown, remainingMs: number): number | null {
  const isWorthIt = isFaultError(error) && error.fault === 'connect' && error.isRefusal !== true;
  return isWorthIt ? fitting(AFTER_CONNECT_MS, remainingMs) : null;
}

/** For 429 and 503 with Retry-After (RFC 9110 section 10.2.3): seconds, or an HTTP date against `now`. */
export function delayAfterResponse(response: WebResponse, now: Date, remainingMs: number): number | null {
  if (response.status !== 429 && response.status !== 503) return null;
  const value = response.header('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return fitting(Number(value) * 1000, remainingMs);
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : fitting(Math.max(0, date - now.getTime()), remainingMs);
}

function fitting(waitMs: number, remainingMs: number): number | null {
  return waitMs + LEFT_MS <= remainingMs ? waitMs : null;
}
