/**
 * How far the store's clock is ahead of this machine's. S3 refuses a signature whose time is over 15 minutes off. The
 * SDK corrects its clock by the Date header of each response, but each of its clients learns by itself.
 */
import type { S3Client } from '@aws-sdk/client-s3';

export interface StoreClock {
  /** Milliseconds; negative when the store's clock is behind. 0 before its first response. */
  offsetMs: number;
}

const CLOCKS = Symbol.for('image-processing-api.storeClocks');

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
  const clock = scope[CLOCKS].get(key) ?? { offsetMs: 0 };
  scope[CLOCKS].set(key, clock);
  return clock;
}

/** Makes the client sign by this clock, and set it. */
export function followClock(client: S3Client, clock: StoreClock): void {
  Object.defineProperty(client.config, 'systemClockOffset', {
    enumerable: true,
    configurable: true,
    get: () => clock.offsetMs,
    set: (offsetMs: number) => {
      clock.offsetMs = offsetMs;
    },
  });
}

/** What time it is at the store. */
export const storeTime = ({ offsetMs }: StoreClock): Date => new Date(Date.now() + offsetMs);
