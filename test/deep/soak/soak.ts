/**
 * Load with faults, then a look at the whole bucket: `npm run soak -- --minutes 10 [--pages 200] [--callers 8]
 * [--seed 1]`. Ends with 1 when anything is found.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRandom } from '../../support/random.ts';
import { type Calls, callAtRandom } from './callers.ts';
import { type BucketReport, checkBucket } from './checkBucket.ts';
import { injectFaults } from './injectFaults.ts';
import { type SoakWorld, startSoakWorld } from './soakWorld.ts';
import { type ProcessFigures, socketsOf, watchProcess } from './watchProcess.ts';

/** Over a long run; a short one ends before the heap has found its size. */
const SLOPE_MAX_MIB = 3;
const SLOPE_FROM_MINUTES = 5;
/** Connections that are kept for the next call, and no more. */
const SOCKETS_LEFT_MAX = 48;
/** Kept-alive connections to the site end after this. */
const IDLE_MS = 6_000;
/** Characters of the application's output that tell why it ended. */
const LAST_WORDS = 4_000;

interface Options {
  readonly minutes: number;
  readonly pages: number;
  readonly callers: number;
  readonly seed: number;
}

const options = readOptions();
const parts = new AsyncDisposableStack();
try {
  const world = await startSoakWorld(options.pages, parts);
  console.log(
    `Soaking for ${options.minutes} min: ${options.pages} pages, ${options.callers} callers, seed ${options.seed}${world.cacheLine === null ? ', without Redis' : ''}.`,
  );
  const { calls, faults, memory } = await load(world, options);
  const bucket = await checkBucket(world, options.pages, calls.promised);
  await wait(IDLE_MS);
  const sockets = socketsOf(world.apiPid);
  const findings = [
    ...calls.findings,
    ...(faults.size === 0 ? ['no fault was there'] : []),
    ...bucket.findings,
    ...processFindings(options, memory, sockets),
  ];
  print(calls, faults, memory, sockets, bucket, findings);
  process.exitCode = findings.length > 0 ? 1 : 0;
} finally {
  await parts.disposeAsync();
}
// Connections of the services that looked into the bucket would keep the process.
process.exit();

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      pages: { type: 'string', default: '200' },
      callers: { type: 'string', default: '8' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  });
  const numbers = {
    minutes: Number(values.minutes),
    pages: Number(values.pages),
    callers: Number(values.callers),
    seed: Number(values.seed),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isFinite(value) && value > 0) continue;
    console.error(`--${name} must be a number above 0.`);
    process.exit(1);
  }
  return numbers;
}

async function load(world: SoakWorld, { minutes, pages, callers, seed }: Options) {
  const end = AbortSignal.timeout(minutes * 60_000);
  const watch = watchProcess(world.apiPid);
  const [calls, faults] = await Promise.all([
    callAtRandom(world, { pages, callers }, createRandom(seed), end),
    injectFaults(world, createRandom(seed + 1), end),
  ]).catch((cause) => {
    throw new Error(`The load broke off. The API's last words:\n${world.app.output().slice(-LAST_WORDS)}`, {
      cause,
    });
  });
  return { calls, faults, memory: watch.stop() };
}

function processFindings(
  { minutes }: Options,
  memory: ProcessFigures | null,
  sockets: number | null,
): readonly string[] {
  const slope = memory?.slope ?? 0;
  const isReadable = process.platform !== 'linux' || (memory !== null && sockets !== null);
  return [
    ...(isReadable ? [] : ['the process of the API is not there to be looked at']),
    ...(minutes >= SLOPE_FROM_MINUTES && slope > SLOPE_MAX_MIB
      ? [`memory grows by ${slope.toFixed(1)} MiB a minute`]
      : []),
    ...((sockets ?? 0) > SOCKETS_LEFT_MAX ? [`${sockets} sockets are open after all is quiet`] : []),
  ];
}

function print(
  { outcomes }: Calls,
  faults: ReadonlyMap<string, number>,
  memory: ProcessFigures | null,
  sockets: number | null,
  bucket: BucketReport,
  findings: readonly string[],
): void {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort().map(([name, count]) => `  ${name.padEnd(34)} ${String(count).padStart(7)}`);
  const row = (name: string, value: string | number) => `  ${name.padEnd(34)} ${String(value).padStart(7)}`;
  const lines = [
    'answers',
    ...list(outcomes),
    'faults',
    ...list(faults),
    'process',
    ...(memory === null
      ? ['  memory and sockets can be read on Linux alone']
      : [
          row('memory at the start, MiB', memory.startMiB.toFixed(0)),
          row('memory at most, MiB', memory.peakMiB.toFixed(0)),
          row('memory at the end, MiB', memory.endMiB.toFixed(0)),
          row('slope of the second half, MiB/min', memory.slope?.toFixed(2) ?? 'n/a'),
          row('sockets at most', memory.peakSockets),
          row('sockets when all is quiet', sockets ?? 'n/a'),
        ]),
    'bucket',
    row('pages', bucket.pages),
    row('objects that records name', bucket.live),
    row('all pages writable after, ms', Math.round(bucket.writableAfterMs)),
    row('orphans before the sweep', bucket.orphansBefore),
    row('removed by the sweep', bucket.sweep.removed),
    row('orphans after the sweep', bucket.orphansAfter),
    row('locks left', bucket.locksHeld),
    row('findings', findings.length),
    ...findings.slice(0, 20).map((finding) => `  ${finding}`),
  ];
  console.log(lines.join('\n'));
}
