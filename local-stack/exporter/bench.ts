/**
 * What the exporter's whole intake costs, in a process as a container runs it, and how long a scrape holds it up:
 *
 *     node local-stack/exporter/bench.ts [--lines 1000000] [--rounds 7] [--against FOLDER|REVISION]
 *
 * `--against` runs the same lines through the exporter of another checkout in turns with this one, and says how much more this one takes.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { exposition } from './exposition.ts';
import { readOptions } from './options.ts';
import { createSelfMetrics } from './selfMetrics.ts';
import { createSeriesStore } from './seriesStore.ts';

const ROOT = join(import.meta.dirname, '../..');
const OPERATIONS = ['get', 'post', 'put'];
const OUTCOMES = ['OK', 'PAGE_NOT_FOUND', 'URL_ALREADY_PROCESSED', 'PAGE_UNREACHABLE'];
/** As in a container; without them V8 takes what the machine has before it cleans up. */
const MEMORY = ['--max-old-space-size=100', '--max-semi-space-size=4'];
/** The peak since the program was loaded: the system's own figure for a child begins with its parent's. Linux only. */
const REPORT = `import { readFileSync, writeSync } from 'node:fs';
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const peakKib = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  writeSync(3, JSON.stringify({ cpuMs: (user + system) / 1000, peakMb: peakKib * 1024 / 1e6 }));
});`;
const PRELOAD = `data:text/javascript,${encodeURIComponent(REPORT)}`;

interface Cost {
  readonly wallMs: number;
  /** User and system time of all threads. */
  readonly cpuMs: number;
  readonly peakMb: number;
  /** How many of the lines are in its counter. */
  readonly counted: number;
}

/** What this service sends: two metrics, twelve series of each. */
function* documents(count: number): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    const Metrics = [
      { Name: 'Requests', Unit: 'Count' },
      { Name: 'Duration', Unit: 'Milliseconds' },
    ];
    const directive = { Dimensions: [['Operation', 'Outcome']], Metrics, Namespace: 'ImageApi' };
    const Operation = OPERATIONS[index % 3];
    const Outcome = OUTCOMES[index % 4];
    const _aws = { Timestamp: 1_700_000_000_000 + index, CloudWatchMetrics: [directive] };
    yield `${JSON.stringify({ Operation, Outcome, _aws, Requests: 1, Duration: (index * 7) % 3_000 })}\n`;
  }
}

/** One run of the command of a checkout, from its start to its end. */
async function run(checkout: string, lines: string): Promise<Cost> {
  const main = join(checkout, 'local-stack/exporter/main.ts');
  await using input = await open(lines);
  const start = performance.now();
  const child = spawn(process.execPath, [...MEMORY, '--import', PRELOAD, main, '--stdin', '--print'], {
    stdio: [input.fd, 'pipe', 'inherit', 'pipe'],
  });
  const [, output, , report] = child.stdio;
  if (!output || !(report instanceof Readable)) throw new Error('the process has no pipes');
  const [series, cost, [code]] = await Promise.all([text(output), text(report), once(child, 'close')]);
  if (code !== 0) throw new Error(`The exporter of ${checkout} ended with code ${code}.`);
  const counters = series.matchAll(/^image_api_requests_total\{.*\} (\d+)$/gm);
  const counted = [...counters].reduce((sum, [, value]) => sum + Number(value), 0);
  return { wallMs: performance.now() - start, counted, ...JSON.parse(cost) };
}

/** The folder of a checkout; of a revision, what the exporter needs of it. */
async function checkoutOf(given: string, folder: string): Promise<string> {
  if (existsSync(join(given, 'local-stack/exporter/main.ts'))) return given;
  const checkout = join(folder, 'against');
  await mkdir(checkout);
  const git = (args: readonly string[]) =>
    execFileSync('git', args, { cwd: ROOT, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] });
  let archive: Buffer;
  try {
    archive = git(['archive', given, 'package.json', 'local-stack']);
  } catch (cause) {
    throw new Error(`"${given}" is neither a folder with an exporter nor a revision: give one of them.`, {
      cause,
    });
  }
  execFileSync('tar', ['-x', '-C', checkout], { input: archive });
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  return checkout;
}

/** The median of the rounds' ratios: both of a round have the same machine. */
function ratioOf(own: readonly Cost[], others: readonly Cost[], figure: keyof Cost): string {
  const ratios = own.map((cost, index) => cost[figure] / (others[index]?.[figure] ?? Number.NaN));
  const [lower = Number.NaN, upper = Number.NaN] = ratios
    .sort((a, b) => a - b)
    .slice(Math.floor((ratios.length - 1) / 2));
  return (ratios.length % 2 === 1 ? lower : (lower + upper) / 2).toFixed(2);
}

async function measure(count: number, rounds: number, against: string | undefined): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'emf-bench-'));
  try {
    const lines = join(folder, 'documents.jsonl');
    await pipeline(Readable.from(documents(count)), createWriteStream(lines));
    const other = against === undefined ? undefined : await checkoutOf(against, folder);
    const [own, others]: [Cost[], Cost[]] = [[], []];
    const round = async (what: string, checkout: string, costs: Cost[]) => {
      const cost = await run(checkout, lines);
      costs.push(cost);
      const speed = Math.round((count / cost.wallMs) * 1000).toLocaleString('en');
      const rest = `${cost.cpuMs.toFixed(0)} ms of processor time, ${cost.peakMb.toFixed(0)} MB at most`;
      console.log(`${what}: ${cost.counted} of ${count} lines counted, ${speed} lines/s, ${rest}`);
    };
    for (let turn = 1; turn <= rounds; turn += 1) {
      await round(`${turn}. this exporter`, ROOT, own);
      if (other !== undefined) await round(`${turn}. ${against}`, other, others);
    }
    if (other === undefined) return;
    const [time, processor, peak] = (['wallMs', 'cpuMs', 'peakMb'] as const).map((figure) =>
      ratioOf(own, others, figure),
    );
    console.log(
      `beside ${against}, the median of the rounds: time × ${time}, processor time × ${processor}, peak memory × ${peak}`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

function longestScrapePause(series: number): void {
  const self = createSelfMetrics({ log: console.error, now: () => new Date() });
  const options = readOptions([`--max-series-per-metric=${series}`]);
  if (typeof options === 'string') return;
  const store = createSeriesStore({ ...options, reservedNames: self.names() }, self);
  for (let index = 0; index < series; index += 1) {
    store.create({ namespace: 'Bench', name: 'Time', unit: 'Seconds', dimensions: [['id', `${index}`]] });
  }
  let [longest, total, size] = [0, 0, 0];
  let start = performance.now();
  for (const piece of exposition(store.metrics())) {
    size += Buffer.byteLength(piece);
    const ms = performance.now() - start;
    longest = Math.max(longest, ms);
    total += ms;
    start = performance.now();
  }
  const pauses = `${total.toFixed(0)} ms for ${(size / 1e6).toFixed(1)} MB, at most ${longest.toFixed(1)} ms at a time`;
  console.log(`a scrape of ${store.size()} histograms: ${pauses}`);
}

const { values: given } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '7' },
    against: { type: 'string' },
  },
});
await measure(Number(given.lines), Number(given.rounds), given.against);
longestScrapePause(10_000);
