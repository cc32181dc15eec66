/**
 * How many requests one host gets at once. It follows TCP: slow start and multiplicative decrease (RFC 5681 section
 * 3.1) at a response that refuses, and as in TCP Vegas at one that takes longer than the fastest did.
 */

export interface HostWidth {
  /** Requests at once, at least 1. */
  now(): number;
  /**
   * Takes one response into account.
   * @param ms from the request to the response's head, over a connection that was there
   * @param isFull as many requests were under way as the width allows
   */
  note(status: number, ms: number, isFull: boolean): void;
}

export interface WidthLimits {
  /** Where it begins; slow responses never make it narrower. */
  readonly first: number;
  readonly most: number;
}

/** A response is slow beyond twice the fastest one's time and this, which a busy processor may take. */
const SLACK_MS = 50;

export function createHostWidth({ first, most }: WidthLimits): HostWidth {
  let width = first;
  let fastestMs = Number.POSITIVE_INFINITY;
  let isStarting = true;
  /** Responses still to come of those that were asked for at the old width: they tell nothing about the new one. */
  let ofBefore = 0;

  return {
    now: () => Math.floor(width),
    note(status, ms, isFull) {
      fastestMs = Math.min(fastestMs, ms);
      if (ofBefore > 0) {
        ofBefore -= 1;
        return;
      }
      const floor = leastAfter(status, ms > 2 * fastestMs + SLACK_MS, first);
      if (floor === null) {
        if (isFull) width = Math.min(most, width + (isStarting ? 1 : 1 / width));
        return;
      }
      isStarting = false;
      ofBefore = Math.floor(width) - 1;
      width = Math.min(width, Math.max(floor, width / 2));
    },
  };
}

/** What a narrowing leaves at least; null: no reason to narrow. 429 and 503 mean the number of requests. */
function leastAfter(status: number, isSlow: boolean, first: number): number | null {
  if (status === 429 || status === 503) return 1;
  return status >= 500 || isSlow ? first : null;
}
