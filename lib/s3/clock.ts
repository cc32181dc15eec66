/**
 * How far the store's clock is ahead of this machine's. S3 refuses a signature whose time is over 15 minutes off. The
 * SDK takes the time from the Date header of each response, but each of its clients learns by itself, and a proxy may
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
 * The clock of one store, which the whole process shares. POST, PUT and GET are bundles with modules of their own,
 * so only the global object is common to them where they run in one process.
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
  <Args extends { readonly request: unknown }, Answer extends { readonly output: object }>(
    next: (args: Args) => Promise<Answer>,
  ) =>
  async (args: Args): Promise<Answer> => {
    const { method } = args.request as { readonly method: string };
    const refused: number[] = [];
    let mayAsk = method === 'GET';
    for (;;) {
      const usedMs = clock.offsetMs;
      try {
        const answer = await next(args);
        clock.acceptedMs = usedMs;
        // The store has accepted a time that the Date contradicts. Links are signed without asking it, so which of
        // the two is right is asked now, with what may be repeated.
        const isInDoubt = !isNear(clock.offsetMs, usedMs);
        if (!isInDoubt || !mayAsk) return answer;
        mayAsk = false;
        (answer.output as { readonly Body?: { destroy?(): void } }).Body?.destroy?.();
      } catch (error) {
        if (isTooSkewed(error)) {
          refused.push(usedMs);
          if (correct(clock, error, refused)) continue;
        } else {
          if (isMissing(error) || statusOf(error) === 412) clock.acceptedMs = usedMs;
          // The SDK would repeat whatever fails while the clocks differ.
          withoutCorrection(error);
        }
        throw error;
      }
    }
  };

/** Sets the clock to what was not refused; false when everything was, and the clock begins afresh. */
function correct(clock: StoreClock, error: unknown, refused: readonly number[]): boolean {
  const { serverMs, dateMs } = timesIn(error);
  const candidates = [serverMs ?? dateMs, clock.acceptedMs, 0];
  const offsetMs = candidates.find(
    (candidate) => candidate !== null && !refused.some((each) => isNear(each, candidate)),
  );
  if (offsetMs != null) {
    clock.offsetMs = offsetMs;
    clock.isDateWrong = dateMs !== null && !isNear(dateMs, offsetMs);
    return true;
  }
  Object.assign(clock, { offsetMs: 0, acceptedMs: null, isDateWrong: false } satisfies StoreClock);
  // Once at least: another request may have set the clock meanwhile.
  return refused.length === 1;
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
  return { serverMs: offsetOf(ServerTime), dateMs: offsetOf($response?.headers?.date) };
}

function withoutCorrection(error: unknown): void {
  const { $metadata } = error as { readonly $metadata?: { clockSkewCorrected?: boolean } };
  if ($metadata !== undefined) delete $metadata.clockSkewCorrected;
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME_MS;
}
