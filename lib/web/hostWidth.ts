/**
 * How many requests one host gets at once. It is found as TCP finds a path's capacity: slow start, and half after a sign
 * of congestion (RFC 5681 section 3.1). One sign is a refusing response. The other is that the fastest of eight
 * responses takes longer than the fastest before (HyStart++, RFC 9406 section 4.2).
 */

export interface HostWidth {
  /** Requests at once, at least 1. */
  now(): number;
  /** Takes one response into account, when no connection serves it any longer. */
  note(response: SeenResponse): void;
}

interface SeenResponse {
  readonly status: number;
  /** From the request to the response's head, over a connection that was there. */
  readonly headMs: number;
  /** From there to its end. */
  readonly bodyMs: number;
  /** As many requests were under way as the width allowed. */
  readonly isFull: boolean;
}

export interface WidthLimits {
  /** Where it begins; slow responses never make it narrower. */
  readonly first: number;
  readonly most: number;
}

/** Responses of which the fastest is judged: a stall of this process makes no host slow. */
const SAMPLES = 8;
/** A response is slow beyond twice the fastest one's time and this. */
const SLACK_MS = 50;

export function createHostWidth({ first, most }: WidthLimits): HostWidth {
  let width = first;
  let isStarting = true;
  let fastestMs = Number.POSITIVE_INFINITY;
  let samples: number[] = [];
  /** Responses still to come of those that were asked for at the old width: they tell nothing about the new one. */
  let ofBefore = 0;

  const isSlow = (ms: number) => ms > 2 * fastestMs + SLACK_MS;
  const narrow = (floor: number): void => {
    isStarting = false;
    ofBefore = Math.floor(width) - 1;
    samples = [];
    width = Math.min(width, Math.max(floor, width / 2));
  };

  return {
    now: () => Math.floor(width),
    note({ status, headMs, bodyMs, isFull }) {
      fastestMs = Math.min(fastestMs, headMs);
      if (ofBefore > 0) {
        ofBefore -= 1;
        return;
      }
      samples.push(headMs);
      // 429 and 503 mean the number of requests; other errors at least that the host is not at ease.
      if (status === 429 || status === 503) narrow(1);
      else if (status >= 500) narrow(first);
      else if (samples.length === SAMPLES && isSlow(Math.min(...samples))) {
        if (width > first) narrow(first);
        else {
          // Not for our number of requests: so long it takes now.
          fastestMs = Math.min(...samples);
          isStarting = true;
        }
      }
      // Where most of the time goes into bodies, more of them at once would come no sooner.
      else if (isFull && bodyMs <= headMs && !isSlow(headMs))
        width = Math.min(most, width + (isStarting ? 1 : 1 / width));
      if (samples.length === SAMPLES) samples = [];
    },
  };
}
