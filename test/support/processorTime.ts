/**
 * Measures time for the limits in tests: the processor time of this thread, which other work of the machine does not
 * change. It is scaled to the reference machine, for which the limits were set.
 */

/** Time of `referenceWork` on the reference machine: Node 24 on a quiet core of an Intel Xeon of 2026. */
const REFERENCE_MS = 36;
/** Shorter times are within all limits on every machine, so they are not scaled. */
const SHORT_MS = 25;
const RUNS = 3;

/** Milliseconds of processor time of this thread so far. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of processor time that `work` takes, scaled to the reference machine. */
export function processorTimeOf(work: () => void): number {
  const start = threadMs();
  work();
  return onReferenceMachine(threadMs() - start);
}

const TRIES = 5;

/**
 * The time of the first of up to five runs that takes less than `limitMs`, otherwise of the last. The garbage collector
 * and the compiler add to some runs only. The work itself takes the same time in every run.
 */
export async function processorTimeWithin(limitMs: number, work: () => unknown): Promise<number> {
  for (let run = 1; ; run += 1) {
    const start = threadMs();
    await work();
    const ms = onReferenceMachine(threadMs() - start);
    if (ms < limitMs || run === TRIES) return ms;
  }
}

/** Milliseconds of this machine, scaled to the reference machine. On a faster machine they are not scaled. */
export function onReferenceMachine(ms: number): number {
  if (ms < SHORT_MS) return ms;
  const times = Array.from({ length: RUNS }, () => {
    const start = threadMs();
    referenceWork();
    return threadMs() - start;
  });
  return ms / Math.max(1, Math.min(...times) / REFERENCE_MS);
}

/** Milliseconds for a mixture of what the service does most: objects, texts, maps, and garbage collection. */
function referenceWork(): number {
  const items = Array.from({ length: 50_000 }, (_, index) => ({ name: `item ${index}`, tags: [index] }));
  const read = JSON.parse(JSON.stringify(items)) as typeof items;
  return new Map(read.map((item) => [item.name.toUpperCase(), item])).size;
}
