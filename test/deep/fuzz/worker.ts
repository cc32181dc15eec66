/** One thread that attacks one target until its budget is used up; see `fuzzTarget.ts` for who watches it. */
import { parentPort, workerData } from 'node:worker_threads';
import { createRandom } from '../../support/random.ts';
import { startCoverage } from './coverage.ts';
import { type Finding, signatureOf } from './finding.ts';
import { mutate } from './mutate.ts';
import { shareState } from './sharedState.ts';
import { shrink } from './shrink.ts';
import { BASE_MS, INPUT_MAX_BYTES, KEPT_MAX_BYTES, piecesOf, type Target } from './target.ts';

export interface WorkerTask {
  readonly targetUrl: string;
  readonly memory: SharedArrayBuffer;
  readonly seed: number;
  /** Tried first; what reaches new code is built upon. */
  readonly first: readonly Uint8Array[];
  readonly usesSeeds: boolean;
  /** The budget: inputs, and milliseconds of the wall clock. */
  readonly inputs: number;
  readonly ms: number;
  readonly stopsAtFirst: boolean;
  /** Findings that are known. */
  readonly signatures: readonly string[];
}

export type WorkerMessage =
  | { readonly kind: 'finding'; readonly finding: Omit<Finding, 'input'> & { readonly input: Uint8Array } }
  /** An input that reached new code. */
  | { readonly kind: 'kept'; readonly input: Uint8Array }
  | { readonly kind: 'done' };

/** Looking at the coverage takes a millisecond or two, so it is done once for so many inputs, or so much time. */
const BATCH_MAX = 64;
const BATCH_MS = 5;
/** Times that a slow input is tried, the fastest of which counts: the machine may have been busy. */
const SLOW_TRIES = 3;

const task = workerData as WorkerTask;
const coverage = startCoverage();
const state = shareState(task.memory);
const random = createRandom(task.seed);
const known = new Set(task.signatures);
const corpus: Buffer[] = [];
const end = performance.now() + task.ms;
const { target } = (await import(task.targetUrl)) as { readonly target: Target };
const words = target.words.map((word) => (typeof word === 'string' ? Buffer.from(word) : word));

// The log of the code under attack is not needed here.
console.log = () => {};

const say = (message: WorkerMessage) => parentPort?.postMessage(message);
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
let isStopped = false;
const isOver = () => isStopped || state.get('inputs') >= task.inputs || performance.now() > end;

type Fault = Omit<Finding, 'input'>;

async function faultOf(input: Buffer): Promise<Fault | null> {
  state.begin(input);
  const start = cpuMs();
  try {
    await target.check(input);
  } catch (thrown) {
    return { kind: 'broken', signature: signatureOf(thrown), report: describe(thrown) };
  } finally {
    state.end();
  }
  const took = cpuMs() - start;
  const allowed = BASE_MS + (input.length / 1_024) * target.msPerKib;
  if (took <= allowed) return null;
  const report = `It took ${Math.round(took)} ms of processor time; ${Math.round(allowed)} ms are allowed for ${input.length} bytes.`;
  return { kind: 'slow', signature: 'slow', report };
}

/** As `faultOf`, but sure of it. */
async function certainFaultOf(input: Buffer): Promise<Fault | null> {
  let fault = await faultOf(input);
  for (let tries = 1; fault?.kind === 'slow' && tries < SLOW_TRIES; tries += 1) fault = await faultOf(input);
  return fault;
}

async function attack(input: Buffer): Promise<void> {
  state.set('inputs', state.get('inputs') + 1);
  const fault = await certainFaultOf(input);
  if (fault === null || known.has(fault.signature)) return;
  known.add(fault.signature);
  isStopped = task.stopsAtFirst;
  const isSame = async (shorter: Buffer) => (await faultOf(shorter))?.signature === fault.signature;
  const shortest = fault.kind === 'slow' ? input : await shrink(input, isSame);
  say({ kind: 'finding', finding: { ...fault, input: shortest } });
}

function keep(input: Buffer): void {
  corpus.push(input);
  state.set('corpus', corpus.length);
  state.set('stretches', coverage.size());
  say({ kind: 'kept', input });
}

/** Tries what `next` gives until it is time to look at what was reached. */
async function attackWith(next: () => Buffer | undefined): Promise<void> {
  const batch: Buffer[] = [];
  const start = cpuMs();
  while (batch.length < BATCH_MAX && cpuMs() - start < BATCH_MS && !isOver()) {
    const input = next();
    if (input === undefined) break;
    batch.push(input);
    await attack(input);
  }
  if (coverage.newStretches(batch.length === 1) === 0) return;
  for (const input of batch) {
    // One of several reached something: which?
    if (batch.length > 1) await faultOf(input);
    if (batch.length > 1 && coverage.newStretches(true) === 0) continue;
    if (input.length <= KEPT_MAX_BYTES) keep(input);
  }
  state.set('stretches', coverage.size());
}

/** Half of the choices fall on what was found lately. */
function chosen(): Buffer {
  const latest = corpus.slice(-Math.ceil(corpus.length / 5));
  return random.anyOf(random.oneIn(2) ? latest : corpus) ?? Buffer.from('a');
}

function nextInput(): Buffer {
  const input = chosen();
  if (target.reshape && !random.oneIn(3)) return target.reshape(input, random).subarray(0, INPUT_MAX_BYTES);
  return mutate(input, { words, other: chosen() }, random);
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `It threw ${String(thrown)}`;
  const cause = thrown.cause === undefined ? '' : `\nseen: ${JSON.stringify(thrown.cause)?.slice(0, 4_000)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}

async function run(): Promise<void> {
  const seeds = task.usesSeeds ? target.seeds() : [];
  const long = seeds.filter((seed) => seed.length > KEPT_MAX_BYTES);
  const first = [...task.first.map((input) => Buffer.from(input)), ...seeds.flatMap(piecesOf)];
  for (const input of [...first, ...long]) {
    const fitting = [input.subarray(0, INPUT_MAX_BYTES)];
    await attackWith(() => fitting.pop());
  }
  if (corpus.length === 0) corpus.push(...first.slice(0, 1));
  while (!isOver()) await attackWith(nextInput);
  say({ kind: 'done' });
}

// Not awaited: a check that never settles lets the thread end without a word, which is the finding.
void run();
