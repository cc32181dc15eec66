/** Long work lets others run between its slices. */
export interface Pace {
  /** Cheap: to be asked often. */
  isDue(): boolean;
  /** Waits for this work's turn. Throws the signal's reason when it was or is aborted. */
  rest(): Promise<void>;
}

/**
 * So many slices are had in turn with all other work, so that a usual page is not kept waiting by huge ones. What is
 * longer goes on one after the other, the oldest first: side by side all of it would be half done, and in memory,
 * when its time is over.
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
 * Of a whole bundle: between two turns of the event loop there is one slice of any work. Under serverless-offline POST
 * and PUT are two bundles in one process, so that there may be two.
 */
const waiting: Waiter[] = [];
let works = 0;
let isTurning = false;

/** @param sliceMs how long the event loop may be held between two rests */
export function createPace(signal?: AbortSignal, sliceMs = 20): Pace {
  let sliceStart = performance.now();
  const work: Work = { number: works++, slices: 0 };
  return {
    isDue: () => performance.now() - sliceStart > sliceMs,
    rest: async () => {
      signal?.throwIfAborted();
      work.slices += 1;
      await turnOf(work, signal);
      signal?.throwIfAborted();
      sliceStart = performance.now();
    },
  };
}

/** Resolves when it is this work's turn, or at once when it is given up. */
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

/** What is set for the next turn of the event loop runs after everything that has arrived until then. */
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
