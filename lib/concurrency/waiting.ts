/** Waits that a time limit or a signal ends. */
import type { Clock } from '../domain/ports.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** A signal that a timer aborts. Dispose of it after use: its timer keeps the process alive. */
export interface TimedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts it before its time, with the reason that the time's end has unless another one is given. */
  abort(other?: unknown): void;
}

/**
 * A signal that is aborted after `ms`.
 * @param reason makes the signal's reason when it is aborted
 */
export function abortAfter(clock: Clock, ms: number, reason: () => unknown): TimedSignal {
  const controller = new AbortController();
  const abort = (other = reason()) => controller.abort(other);
  return { signal: controller.signal, abort, [Symbol.dispose]: clock.after(ms, () => abort()) };
}

/** Settles as `work` does, or rejects with the signal's reason when it is aborted first. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const end = Promise.withResolvers<never>();
  const abort = () => end.reject(signal.reason);
  // After an abort a later failure of `work` would be an unhandled rejection.
  work.catch(() => undefined);
  if (signal.aborted) throw signal.reason;
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Settles as `work` does, or rejects with `reason()` after `ms`. */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  reason: () => unknown,
): Promise<T> {
  using end = abortAfter(clock, ms, reason);
  return await orAborted(work, end.signal);
}
