/**
 * What the exporter costs beside reading and parsing the same lines, and whether it grows:
 * `node --expose-gc local-stack/exporter/bench.ts [LINES]`.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exposition } from './exposition.ts';
import { createIntake, type Intake } from './intake.ts';
import { readOptions } from './options.ts';
import { receiveStream } from './receivers.ts';
import { createSelfMetrics } from './selfMetrics.ts';
import { createSeriesStore } from './seriesStore.ts';

const LINES = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 4;
const MAX_LINE_BYTES = 1_048_576;
const OPERATIONS = ['get', 'post', 'put'];
const OUTCOMES = ['OK', 'PAGE_NOT_FOUND', 'URL_ALREADY_PROCESSED', 'PAGE_UNREACHABLE'];

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

const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const memory = () => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return `${megabytes(rss)} MiB resident, ${megabytes(heapUsed)} MiB heap`;
};

async function measure(what: string, file: string, intake: Intake): Promise<number> {
  const before = memory();
  const start = performance.now();
  await receiveStream(createReadStream(file), MAX_LINE_BYTES, intake);
  const ms = performance.now() - start;
  console.log(`${what}: ${Math.round((LINES / ms) * 1000)} lines/s; ${before} before, ${memory()} after`);
  return ms;
}

function createExporterIntake() {
  const options = readOptions([]);
  if (typeof options === 'string') throw new Error('no options were given');
  const self = createSelfMetrics({ log: console.error, now: () => new Date() });
  const store = createSeriesStore({ ...options, reservedNames: self.names() }, self);
  return { store, intake: createIntake(store, self) };
}

async function longestScrapePause(series: number): Promise<void> {
  const self = createSelfMetrics({ log: console.error, now: () => new Date() });
  const options = readOptions([`--max-series-per-metric=${series}`]);
  if (typeof options === 'string') return;
  const store = createSeriesStore({ ...options, reservedNames: self.names() }, self);
  const before = memory();
  for (let index = 0; index < series; index += 1) {
    store.create({ namespace: 'Bench', name: 'Time', unit: 'Seconds', dimensions: [['id', `${index}`]] });
  }
  const after = memory();
  let [longest, total, size] = [0, 0, 0];
  let start = performance.now();
  for (const piece of exposition(store.metrics())) {
    size += Buffer.byteLength(piece);
    const ms = performance.now() - start;
    longest = Math.max(longest, ms);
    total += ms;
    start = performance.now();
  }
  const text = `${total.toFixed(0)} ms for ${(size / 1e6).toFixed(1)} MB, at most ${longest.toFixed(1)} ms at a time`;
  console.log(`${store.size()} histograms: ${before} before, ${after} after; a scrape: ${text}`);
}

const folder = await mkdtemp(join(tmpdir(), 'emf-bench-'));
try {
  const file = join(folder, 'documents.jsonl');
  await pipeline(Readable.from(documents(LINES)), createWriteStream(file));
  const parseOnly: Intake = () => ({ line: (text) => JSON.parse(text), tooLong: () => {} });
  const exporter = createExporterIntake();
  const [parse, whole]: [number[], number[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    parse.push(await measure(`${round}. read and JSON.parse`, file, parseOnly));
    whole.push(await measure(`${round}. exporter`, file, exporter.intake));
  }
  // The best of each: what else the machine does only ever adds.
  const ratio = Math.min(...whole) / Math.min(...parse);
  console.log(`${exporter.store.size()} series; the exporter takes ${ratio.toFixed(2)} times as long`);
  await longestScrapePause(10_000);
} finally {
  await rm(folder, { recursive: true });
}
