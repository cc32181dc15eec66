/** The end of one reading: its own time, but for that which the service lets it wait, or the caller's signal. */
import { faultError } from './faults.ts';

export interface Deadline {
  /** Aborted with a fault error: `timeout` or `aborted`. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** The promise's outcome, or the end's fault if that comes first. */
  orEnd<T>(promise: Promise<T>): Promise<T>;
  wait(ms: number): Promise<void>;
  /** Awaits `waiting` while the reading's own time stands still; one such wait at a time. */
  untimed<T>(waiting: Promise<T>): Promise<T>;
  /** Must be called when the reading is over. */
  clear(): void;
}

export function startDeadline(timeoutMs: number, outer: AbortSignal, elapsed: () => number): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  let until = elapsed() + timeoutMs;
  let timer: NodeJS.Timeout | undefined;
  const run = (ms: number): void => {
    until = elapsed() + ms;
    timer = setTimeout(() => controller.abort(faultError('timeout')), ms);
  };
  run(timeoutMs);
  const onOuter = (): void => controller.abort(faultError('aborted', { cause: outer.reason }));
  if (outer.aborted) onOuter();
  else outer.addEventListener('abort', onOuter, { once: true });

  const orEnd = <T>(promise: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const onEnd = (): void => reject(signal.reason);
      if (signal.aborted) onEnd();
      signal.addEventListener('abort', onEnd, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onEnd));
    });

  return {
    signal,
    remainingMs: () => until - elapsed(),
    orEnd,
    wait: async (ms) => {
      let timeout: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        timeout = setTimeout(resolve, ms);
      });
      await orEnd(waited).finally(() => clearTimeout(timeout));
    },
    async untimed(waiting) {
      const leftMs = until - elapsed();
      clearTimeout(timer);
      try {
        return await waiting;
      } finally {
        run(leftMs);
      }
    },
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', onOuter);
    },
  };
}
