/**
 * How far the store's clock is ahead of this machine's. S3 refuses a signature whose time is over 15 minutes off. The
 * SDK takes the time from the Date header of each response. But its clients do not share that time, and a proxy may
 * send its own Date.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { isMissing, isTooSkewed, statusOf } from './problem.ts';

export interface StoreClock {
  /** Milliseconds; negative when the store's clock is behind. 0 before its first response. */
  offsetMs: number;
  /** With which the store has last accepted a request; null: none so far. */
  acceptedMs: number | null;
  /** The Date of responses was followed, and refused: it is not that of the store. */
  isDateWrong: boolean;
}

const CLOCKS = Symbol.for('image-processing-api.storeClocks');

/** Two times so near each other are the same: a Date has whole seconds, and a response takes its time. */
const SAME_MS = 60_000;

/**
 * The clock of one store, which the whole process shares. POST, PUT and GET are separate bundles, each with its own
 * modules: when they run in one process, they share only the global object.
 *
 * @param endpoint absent means AWS
 */
export function storeClockOf(endpoint: string | undefined): StoreClock {
  const scope = globalThis as { [CLOCKS]?: Map<string, StoreClock> };
  scope[CLOCKS] ??= new Map();
  const key = endpoint ?? '';
  const clock = scope[CLOCKS].get(key) ?? { offsetMs: 0, acceptedMs: null, isDateWrong: false };
  scope[CLOCKS].set(key, clock);
  return clock;
}

/** What time it is at the store. */
export const storeTime = ({ offsetMs }: StoreClock): Date => new Date(Date.now() + offsetMs);

/**
 * Makes the client sign by this clock and set it. A request that is refused for its time was certainly not applied, so
 * it is sent again. The times tried are that of the response, the one accepted before, and this machine's.
 */
export function followClock(client: S3Client, clock: StoreClock): void {
  Object.defineProperty(client.config, 'systemClockOffset', {
    enumerable: true,
    configurable: true,
    get: () => clock.offsetMs,
    set: (offsetMs: number) => {
      if (!clock.isDateWrong) clock.offsetMs = offsetMs;
    },
  });
  client.middlewareStack.addRelativeTo(repeatAfterWrongTime(clock), {
    name: 'repeatAfterWrongTime',
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
  });
}

/** Around each attempt of the SDK, before it is signed. */
const repeatAfterWrongTime =
  (clock: StoreClock) =>
  <Args extends { readonly request: unknown }, Response extends { readonly output: object }>(
    next: (args: Args) => Promise<Response>,
  ) =>
  async (args: Args): Promise<Response> => {
    const { method } = args.request as { readonly method: string };
    const refused: number[] = [];
    const sources = [...SOURCES];
    let mayAsk = method === 'GET';
    for (;;) {
      const usedMs = clock.offsetMs;
      try {
        const response = await next(args);
        clock.acceptedMs = usedMs;
        // The store has accepted a time that the Date contradicts. Links are signed without asking it, so which of
        // the two is right is asked now, with what may be repeated.
        const isInDoubt = !isNear(clock.offsetMs, usedMs);
        if (!isInDoubt || !mayAsk) return response;
        mayAsk = false;
        (response.output as { readonly Body?: { destroy?(): void } }).Body?.destroy?.();
      } catch (error) {
        if (isTooSkewed(error)) {
          refused.push(usedMs);
          if (correct(clock, error, refused, sources)) continue;
        } else {
          if (isMissing(error) || statusOf(error) === 412) clock.acceptedMs = usedMs;
          // The SDK would repeat whatever fails while the clocks differ.
          withoutCorrection(error);
        }
        throw error;
      }
    }
  };

/** Where a time may come from, in the order in which they are tried. */
const SOURCES = ['clock', 'response', 'accepted', 'own'] as const;

/**
 * Sets the clock from the next source that was not refused. Each is used once: a proxy may send another Date each
 * time. False when none is left, and the clock begins afresh.
 *
 * @param sources those that are left
 */
function correct(
  clock: StoreClock,
  error: unknown,
  refused: readonly number[],
  sources: (typeof SOURCES)[number][],
): boolean {
  const { serverMs, dateMs } = timesIn(error);
  for (let source = sources.shift(); source !== undefined; source = sources.shift()) {
    // The SDK has set it by this response, or another request by what it has learned.
    if (source === 'clock') return true;
    const offsetMs = { response: serverMs ?? dateMs, accepted: clock.acceptedMs, own: 0 }[source];
    if (offsetMs === null || refused.some((each) => isNear(each, offsetMs))) continue;
    clock.offsetMs = offsetMs;
    clock.isDateWrong = dateMs !== null && !isNear(dateMs, offsetMs);
    return true;
  }
  Object.assign(clock, { offsetMs: 0, acceptedMs: null, isDateWrong: false } satisfies StoreClock);
  return false;
}

/** As offsets; null where the response does not say it. Only the store itself writes `ServerTime`. */
function timesIn(error: unknown): { readonly serverMs: number | null; readonly dateMs: number | null } {
  const { ServerTime, $response } = error as {
    readonly ServerTime?: unknown;
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  const offsetOf = (time: unknown) => {
    const ms = Date.parse(String(time)) - Date.now();
    return Number.isNaN(ms) ? null : ms;
  };
  const { date, age } = $response?.headers ?? {};
  // What a cache has kept (RFC 9111 section 5.1) says when it was made.
  return { serverMs: offsetOf(ServerTime), dateMs: age === undefined ? offsetOf(date) : null };
}

function withoutCorrection(error: unknown): void {
  const { $metadata } = error as { readonly $metadata?: { clockSkewCorrected?: boolean } };
  if ($metadata !== undefined) delete $metadata.clockSkewCorrected;
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME_MS;
}
