/** Runs a worker on one target, watches it, and collects what it finds. */
import { Worker } from 'node:worker_threads';
import type { Finding } from './finding.ts';
import { type SharedState, shareState } from './sharedState.ts';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface FuzzOptions {
  /** The module that exports the `target`. */
  readonly module: URL;
  readonly seed: number;
  /** Whichever is used up first; milliseconds are of the wall clock. */
  readonly inputs?: number;
  readonly ms?: number;
  /** Inputs to try before the target's own seeds; with `only`, in their stead and without changes. */
  readonly corpus?: readonly Buffer[];
  readonly only?: boolean;
  readonly stopsAtFirst?: boolean;
  readonly onFinding?: (finding: Finding) => void;
}

export interface FuzzSummary {
  readonly inputs: number;
  readonly seconds: number;
  /** Stretches of code that were reached, and the inputs that reached them first. */
  readonly stretches: number;
  readonly corpus: number;
  readonly findings: readonly Finding[];
}

/** Processor time after which an input counts as a hang. */
const HANG_CPU_MS = 2_000;
/** The same on the wall clock, for what waits without working; a busy machine must not reach it. */
const HANG_WALL_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** A worker that had to be ended is started again so many times. */
const RESTARTS_MAX = 3;
/** Heap and buffers after which a worker is ended: the service has 1,024 MiB on Lambda. */
const MEMORY_MAX_MIB = 512;
/** V8's own end of a heap takes the whole process along, so that it has to be far away. */
const HEAP_MIB = 4 * MEMORY_MAX_MIB;
const MIB = 1024 * 1024;

export async function fuzzTarget(options: FuzzOptions): Promise<FuzzSummary> {
  const { module, seed, inputs = 2 ** 31 - 1, ms = 24 * 3_600_000, corpus = [], only = false } = options;
  const { stopsAtFirst = false } = options;
  const state = shareState();
  const findings: Finding[] = [];
  const kept: Uint8Array[] = [];
  const start = performance.now();
  const found = (finding: Finding) => {
    findings.push(finding);
    options.onFinding?.(finding);
  };

  for (let run = 0; run <= RESTARTS_MAX; run += 1) {
    const task: WorkerTask = {
      targetUrl: module.href,
      memory: state.memory,
      seed: seed + run,
      first: run === 0 ? corpus : kept.slice(),
      usesSeeds: !only && kept.length === 0,
      inputs: only ? corpus.length : inputs,
      ms: ms - (performance.now() - start),
      stopsAtFirst,
      signatures: findings.map(({ signature }) => signature),
    };
    const ending = await runWorker(task, state, (message) => {
      if (message.kind === 'kept') kept.push(message.input);
      if (message.kind === 'finding')
        found({ ...message.finding, input: Buffer.from(message.finding.input) });
    });
    if (ending === null) break;
    const input = state.input();
    found({ ...ending, input });
    state.end();
    if (only || stopsAtFirst || state.get('inputs') >= inputs) break;
  }
  return {
    inputs: state.get('inputs'),
    seconds: (performance.now() - start) / 1_000,
    stretches: state.get('stretches'),
    corpus: state.get('corpus'),
    findings,
  };
}

type Ending = Omit<Finding, 'input'>;

/** null when the worker used up its budget; else why it ended before. */
async function runWorker(
  task: WorkerTask,
  state: SharedState,
  onMessage: (message: WorkerMessage) => void,
): Promise<Ending | null> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: task,
    // No flag of the test runner's.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  let ending: Ending | null = null;
  let isDone = false;
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'done') isDone = true;
    else onMessage(message);
  });
  worker.on('error', (error: Error) => {
    ending ??= { kind: 'broken', signature: error.message, report: error.stack ?? error.message };
  });
  const stopWatching = watch(worker, state, (kind, report) => {
    ending ??= { kind, signature: kind, report };
    void worker.terminate();
  });
  await new Promise((resolve) => worker.once('exit', resolve));
  stopWatching();
  if (ending !== null || isDone) return ending;
  return { kind: 'silent', signature: 'silent', report: 'Its promise never settled.' };
}

/** Looks after the input that is being checked; says when it takes too much. */
function watch(
  worker: Worker,
  state: SharedState,
  onTooMuch: (kind: 'hang' | 'memory', report: string) => void,
): () => void {
  let turn = -1;
  let since = 0;
  let cpuAtStart: number | null = null;
  let isAsking = false;

  const look = async () => {
    const isSame = () => state.get('turn') === turn && state.get('isChecking') === 1;
    if (!isSame()) {
      turn = state.get('turn');
      since = performance.now();
      cpuAtStart = null;
      return;
    }
    if (performance.now() - since > HANG_WALL_MS) {
      onTooMuch('hang', `It did not end within ${HANG_WALL_MS} ms.`);
    }
    if (isAsking) return;
    isAsking = true;
    // They reject when the worker has just ended.
    const [cpu, heap] = await Promise.all([worker.cpuUsage(), worker.getHeapStatistics()]).catch(() => []);
    isAsking = false;
    if (cpu === undefined || heap === undefined || !isSame()) return;
    const cpuMs = (cpu.user + cpu.system) / 1_000;
    cpuAtStart ??= cpuMs;
    if (heap.used_heap_size + heap.external_memory > MEMORY_MAX_MIB * MIB) {
      onTooMuch('memory', `It took more than ${MEMORY_MAX_MIB} MiB.`);
    } else if (cpuMs - cpuAtStart > HANG_CPU_MS) {
      onTooMuch('hang', `It took more than ${HANG_CPU_MS} ms of processor time.`);
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
