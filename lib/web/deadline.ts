/** The end of one reading: its own time, or the caller's signal, whichever comes first. */
import { faultError } from './faults.ts';

export interface Deadline {
  /** Aborted with a fault error: `timeout` or `aborted`. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** The promise's outcome, or the end's fault if that comes first. */
  orEnd<T>(promise: Promise<T>): Promise<T>;
  wait(ms: number): Promise<void>;
  /** Must be called when the reading is over. */
  clear(): void;
}

export function startDeadline(timeoutMs: number, outer: AbortSignal, elapsed: () => number): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const until = elapsed() + timeoutMs;
  const onOuter = (): void => controller.abort(faultError('aborted', { cause: outer.reason }));
  const timer = setTimeout(() => controller.abort(faultError('timeout')), timeoutMs);
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
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', onOuter);
    },
  };
}
