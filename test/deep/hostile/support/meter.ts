/** Measures what an input costs the process: the longest stall of the event loop, and the most memory. */
import { onReferenceMachine, threadMs } from '../../../support/processorTime.ts';

export interface Cost {
  /**
   * The longest stall: milliseconds of this thread's processor time between two turns of the event loop. It is scaled
   * to the reference machine.
   */
  readonly stallMs: number;
  /** Largest growth of resident memory, in bytes. */
  readonly grownBytes: number;
  /** Milliseconds of the wall clock. */
  readonly elapsedMs: number;
}

/** The outcome of `work`, and its cost. */
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
 * The cost of the first of up to five runs that is within `bounds`, otherwise of the last. The garbage collector, the
 * compiler and a busy machine add to some runs only. The work itself costs the same in every run.
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
