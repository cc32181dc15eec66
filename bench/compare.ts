/**
 * The POST of several builds in alternating rounds, such as before and after a change:
 * `npm run bench:compare -- BEFORE/dist dist [--images N] [--bytes N] [--latency N] [--rounds N] [--tls HTTP/2] [--new]`.
 * `--new` begins each round in a new process, whose peak memory then is that of one POST.
 */
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Child, type Cost, startChild } from './child.ts';
import { writeEvent } from './events.ts';
import { median } from './statistics.ts';
import { createTlsSites, HTTP_VERSIONS } from './tlsSite.ts';
import { FUNCTION_NODE_OPTIONS, newPageAt, startWorld, subject } from './world.ts';

const WARM_UPS = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    images: { type: 'string', default: '200' },
    bytes: { type: 'string', default: '50000' },
    latency: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '20' },
    tls: { type: 'string' },
    new: { type: 'boolean', default: false },
  },
});
const [images, bytes, latency, rounds] = [values.images, values.bytes, values.latency, values.rounds].map(
  Number,
) as [number, number, number, number];
const builds = positionals.map((folder) => resolve(folder));
if (builds.length === 0) throw new Error('Name the dist folders to compare.');

await using parts = new AsyncDisposableStack();
const world = await startWorld(parts);
const sites = await createTlsSites(world.folder, parts);
const version = HTTP_VERSIONS.find((each) => each === values.tls);
const origin = version && (await sites.start(version));
const env = { ...world.functionEnv(), ...(origin && sites.env()) };
const start = (build: string) =>
  startChild(subject('bundle.ts'), {
    env: { ...env, BENCH_BUNDLE: join(build, 'postImages/index.js') },
    nodeOptions: FUNCTION_NODE_OPTIONS,
  });
const post = (child: Child): Promise<Cost> => {
  const { url } = origin ? newPageAt(origin, images, bytes, latency) : world.newPage(images, bytes, latency);
  return child.run({ event: writeEvent('POST', url), times: 1, atOnce: 1, status: 201 });
};

const kept = new Map<string, Child>();
if (!values.new) {
  for (const build of builds) {
    const child = await start(build);
    parts.defer(() => child.close());
    kept.set(build, child);
  }
}
const costs = new Map<string, Cost[]>(builds.map((build) => [build, []]));
for (let round = values.new ? 0 : -WARM_UPS; round < rounds; round += 1) {
  for (const build of round % 2 === 0 ? builds : builds.toReversed()) {
    const child = kept.get(build) ?? (await start(build));
    const cost = await post(child);
    if (!kept.has(build)) await child.close();
    if (round >= 0) costs.get(build)?.push(cost);
  }
}

const load = loadavg().map((each) => each.toFixed(1));
console.log(
  `${rounds} rounds of ${images} × ${bytes} B at ${latency} ms, ${values.tls ?? 'HTTP'}, load ${load}`,
);
const [first] = builds;
for (const build of builds) {
  console.log(build);
  for (const key of ['wallMs', 'cpuMs', 'peakMb'] as const) {
    const own = costs.get(build)?.map((cost) => cost[key]) ?? [];
    const other = costs.get(first ?? '')?.map((cost) => cost[key]) ?? [];
    const least = Math.min(...own);
    console.log(
      `  ${key.padEnd(7)} least ${least.toFixed(0).padStart(6)} (${(least / Math.min(...other)).toFixed(2)} ×),` +
        ` median ${median(own).toFixed(0).padStart(6)} (${(median(own) / median(other)).toFixed(2)} ×)`,
    );
  }
}
