/** The end of one request: its time, not counting what it waits for the service, or the caller's signal. */
import { orAborted } from '../concurrency/waiting.ts';
import type { Clock } from '../domain/ports.ts';
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

export function startDeadline(timeoutMs: number, outer: AbortSignal, clock: Clock): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  let until = 0;
  let stop = () => {};
  const run = (ms: number): void => {
    until = clock.elapsed() + ms;
    stop = clock.after(ms, () => controller.abort(faultError('timeout')));
  };
  run(timeoutMs);
  const onOuter = (): void => controller.abort(faultError('aborted', { cause: outer.reason }));
  if (outer.aborted) onOuter();
  else outer.addEventListener('abort', onOuter, { once: true });

  const orEnd = <T>(promise: Promise<T>): Promise<T> => orAborted(promise, signal);

  return {
    signal,
    remainingMs: () => until - clock.elapsed(),
    orEnd,
    wait: async (ms) => {
      const waited = Promise.withResolvers<void>();
      const stopWaiting = clock.after(ms, waited.resolve);
      await orEnd(waited.promise).finally(stopWaiting);
    },
    async untimed(waiting) {
      const leftMs = until - clock.elapsed();
      stop();
      try {
        return await waiting;
      } finally {
        run(leftMs);
      }
    },
    clear() {
      stop();
      outer.removeEventListener('abort', onOuter);
    },
  };
}
