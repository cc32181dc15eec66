import { setImmediate } from 'node:timers/promises';

/** Long work lets others run between its slices. */
export interface Pace {
  /** Cheap: to be asked often. */
  isDue(): boolean;
  /** Lets the event loop turn. Throws the signal's reason when it was aborted. */
  rest(): Promise<void>;
}

/** @param sliceMs how long the event loop may be held between two rests */
export function createPace(signal?: AbortSignal, sliceMs = 20): Pace {
  let sliceStart = performance.now();
  return {
    isDue: () => performance.now() - sliceStart > sliceMs,
    rest: async () => {
      signal?.throwIfAborted();
      await setImmediate();
      sliceStart = performance.now();
    },
  };
}
