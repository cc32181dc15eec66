/**
 * Where the processor's time of a packaged function goes, by package:
 * `npm run bench:profile -- post|put|get [--images N] [--bytes N] [--top N]`.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Child } from './child.ts';
import { getEvent, writeEvent } from './events.ts';
import { startWorld, type World } from './world.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const ROOT = resolve(import.meta.dirname, '..');
const WARM_UPS = 4;
const ROUNDS = 10;
const GETS = 2_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    images: { type: 'string', default: '200' },
    bytes: { type: 'string', default: '50000' },
    top: { type: 'string', default: '25' },
  },
});
const [what = 'post'] = positionals;
await using parts = new AsyncDisposableStack();
const world = await startWorld(parts);
const folder = join(world.folder, 'profiles');
await mkdir(folder);
await exercise(world);

const maps = new Map<string, Promise<SourceMap | null>>();
const byPackage = new Map<string, number>();
const byPlace = new Map<string, number>();
let total = 0;
const files = (await readdir(folder)).sort().slice(WARM_UPS);
for (const file of files) await add(JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile);
print('by package', byPackage);
print('by function', byPlace);

async function exercise(world: World): Promise<void> {
  const env = { BENCH_PROFILES: folder };
  const name = what === 'get' ? 'getImages' : what === 'put' ? 'putImages' : 'postImages';
  const child = await world.startFunction(name, env);
  const creating = what === 'post' ? child : await world.startFunction('postImages');
  parts.defer(() => child.close());
  parts.defer(() => creating.close());
  const harvest = async (on: Child) => {
    const { url } = world.newPage(Number(values.images), Number(values.bytes), 0);
    await on.run({ event: writeEvent('POST', url), times: 1, atOnce: 1, status: 201 });
    return url;
  };
  const page = what === 'get' ? await harvest(creating) : '';
  for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
    if (what === 'post') await harvest(child);
    else if (what === 'get') await child.run({ event: getEvent(page), times: GETS, atOnce: 16, status: 200 });
    else {
      const url = await harvest(creating);
      await child.run({ event: writeEvent('PUT', url), times: 1, atOnce: 1, status: 200 });
    }
  }
}

async function add({ nodes, samples, timeDeltas }: Profile): Promise<void> {
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]));
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    // The profiler's own work is not the function's.
    if (frame === undefined || frame.functionName === '(idle)' || frame.url === 'node:inspector') continue;
    const micros = timeDeltas[index] ?? 0;
    const source = await sourceOf(frame.url, frame.lineNumber, frame.columnNumber);
    total += micros;
    count(byPackage, packageOf(source, frame.functionName), micros);
    const name = frame.functionName || '(anonymous)';
    count(byPlace, `${name} ${source.replace(/^.*node_modules\//, '')}`, micros);
  }
}

async function sourceOf(url: string, line: number, column: number): Promise<string> {
  if (!url.startsWith('file:')) return url;
  const path = fileURLToPath(url);
  const map = await mapOf(path);
  const entry = map?.findEntry(line, column);
  return entry !== undefined && 'originalSource' in entry ? resolve(path, '..', entry.originalSource) : path;
}

function mapOf(path: string): Promise<SourceMap | null> {
  const kept = maps.get(path);
  if (kept !== undefined) return kept;
  const map = readFile(`${path}.map`, 'utf8').then(
    (text) => new SourceMap(JSON.parse(text)),
    () => null,
  );
  maps.set(path, map);
  return map;
}

function packageOf(source: string, functionName: string): string {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
  if (name !== undefined) return name;
  if (source.startsWith('node:')) return source;
  if (source === '') return functionName.startsWith('(') ? functionName : '(native)';
  return source.replace(`${ROOT}/`, '').split('/').slice(0, 2).join('/');
}

function count(counts: Map<string, number>, key: string, micros: number): void {
  counts.set(key, (counts.get(key) ?? 0) + micros);
}

function print(title: string, counts: ReadonlyMap<string, number>): void {
  const each = total / files.length / 1_000;
  console.log(`\n${what}, ${title}: ${each.toFixed(1)} ms of processor time a task (${files.length} tasks)`);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top));
  for (const [key, micros] of sorted) {
    console.log(`${((micros * 100) / total).toFixed(1).padStart(6)} %  ${key}`);
  }
}
