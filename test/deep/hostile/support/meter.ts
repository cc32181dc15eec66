/** What an input costs the process: the longest time that nothing else could run, and the most memory. */
import { onReferenceMachine, threadMs } from '../../../support/processorTime.ts';

export interface Cost {
  /**
   * Milliseconds of this thread's processor time between two turns of the event loop, at most: a stall as a caller
   * would meet it on a machine of its own, as fast as the one that the limits were set on.
   */
  readonly stallMs: number;
  /** Bytes of resident memory above the start, at most. */
  readonly grownBytes: number;
  /** Milliseconds of the wall clock. */
  readonly elapsedMs: number;
}

/** Runs `work` with the meter on. */
export async function measureCost<T>(
  work: () => T | Promise<T>,
): Promise<{ readonly value: T; readonly cost: Cost }> {
  let stallMs = 0;
  let grownBytes = 0;
  const startBytes = process.memoryUsage.rss();
  const start = performance.now();
  let last = threadMs();
  const look = () => {
    const now = threadMs();
    stallMs = Math.max(stallMs, now - last);
    last = now;
    grownBytes = Math.max(grownBytes, process.memoryUsage.rss() - startBytes);
  };
  const timer = setInterval(look, 1);
  try {
    const value = await work();
    look();
    const elapsedMs = performance.now() - start;
    return { value, cost: { stallMs: onReferenceMachine(stallMs), grownBytes, elapsedMs } };
  } finally {
    clearInterval(timer);
  }
}

const TRIES = 5;

/**
 * The cost of the first of up to five runs that keeps `bounds`, else of the last. What the collector, the compiler
 * and a busy machine add comes and goes; what the work itself costs comes every time.
 */
export async function measureWithin<T>(
  bounds: Partial<Pick<Cost, 'stallMs' | 'grownBytes'>>,
  work: () => T | Promise<T>,
): Promise<{ readonly value: T; readonly cost: Cost }> {
  const { stallMs = Number.POSITIVE_INFINITY, grownBytes = Number.POSITIVE_INFINITY } = bounds;
  for (let run = 1; ; run += 1) {
    const measured = await measureCost(work);
    const isWithin = measured.cost.stallMs < stallMs && measured.cost.grownBytes < grownBytes;
    if (isWithin || run === TRIES) return measured;
  }
}
