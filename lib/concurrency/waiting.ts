/** Waits that end: by a limit on the time, or by a signal. */
import type { Clock } from '../domain/ports.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** A signal that is aborted by time. Dispose of it when nobody waits for it any more: its timer holds the process. */
export interface TimedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts it before its time, with the reason that the time's end has unless another one is given. */
  abort(other?: unknown): void;
}

/** @param reason makes the signal's reason, when the time is over */
export function abortAfter(clock: Clock, ms: number, reason: () => unknown): TimedSignal {
  const controller = new AbortController();
  const abort = (other = reason()) => controller.abort(other);
  return { signal: controller.signal, abort, [Symbol.dispose]: clock.after(ms, () => abort()) };
}

/** The outcome of `work`, or a rejection with the signal's reason where it is aborted first. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const end = Promise.withResolvers<never>();
  const abort = () => end.reject(signal.reason);
  // Whoever gives it up hears no more of it.
  work.catch(() => undefined);
  if (signal.aborted) throw signal.reason;
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The outcome of `work`, waited for no longer than `ms`. Rejects with `reason()` when the time is over. */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  reason: () => unknown,
): Promise<T> {
  using end = abortAfter(clock, ms, reason);
  return await orAborted(work, end.signal);
}
