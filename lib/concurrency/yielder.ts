/** Long work runs in slices, and yields to other calls between them. */
export interface Yielder {
  /** Whether the slice is over. It is cheap, so ask often. */
  isDue(): boolean;
  /** Yields; resolves when the next slice may begin. Throws the signal's reason when it is aborted. */
  yield(): Promise<void>;
}

/**
 * Slices that each piece of work runs in turn with all others, so that huge pages do not delay a usual one. After these
 * the oldest work runs alone to its end. If long pieces went on in turn, all of them would reach their deadlines
 * unfinished, and stay in memory until then.
 */
const SLICES_IN_TURN = 5;

interface Work {
  readonly number: number;
  slices: number;
}

interface Waiter {
  readonly work: Work;
  readonly go: () => void;
}

/**
 * The waiting work of the whole bundle: one turn of the event loop runs one slice of it. Under serverless-offline one
 * process runs the bundles of POST and of PUT, and so two slices.
 */
const waiting: Waiter[] = [];
let works = 0;
let isTurning = false;

/**
 * The pace of one piece of work.
 * @param sliceMs how long a slice may block the event loop
 */
export function createYielder(signal?: AbortSignal, sliceMs = 20): Yielder {
  let sliceStart = performance.now();
  const work: Work = { number: works++, slices: 0 };
  return {
    isDue: () => performance.now() - sliceStart > sliceMs,
    yield: async () => {
      signal?.throwIfAborted();
      work.slices += 1;
      await turnOf(work, signal);
      signal?.throwIfAborted();
      sliceStart = performance.now();
    },
  };
}

/** Resolves when it is this work's turn, or when the signal is aborted. */
function turnOf(work: Work, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const leave = () => {
      waiting.splice(waiting.indexOf(waiter), 1);
      resolve();
    };
    const waiter: Waiter = {
      work,
      go: () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      },
    };
    signal?.addEventListener('abort', leave, { once: true });
    waiting.push(waiter);
    if (isTurning) return;
    isTurning = true;
    setImmediate(turn);
  });
}

/** Runs one slice. `setImmediate` lets all events that have arrived be handled before the next slice. */
function turn(): void {
  const next = nextWaiter();
  isTurning = next !== undefined;
  if (next === undefined) return;
  setImmediate(turn);
  waiting.splice(waiting.indexOf(next), 1);
  next.go();
}

function nextWaiter(): Waiter | undefined {
  const short = waiting.find(({ work }) => work.slices <= SLICES_IN_TURN);
  return short ?? waiting.toSorted((a, b) => a.work.number - b.work.number)[0];
}
