/**
 * A POST over TLS from a site whose every response has a latency, over both versions of HTTP. It is compared with the
 * ideal schedule, which requests the page and then everything at once, and with the bare work by `node:http2`.
 */
import { startChild } from '../child.ts';
import { writeEvent } from '../events.ts';
import { type Point, type Row, ratioRow } from '../row.ts';
import { median } from '../statistics.ts';
import { createTlsSites, HTTP_VERSIONS, type HttpVersion } from '../tlsSite.ts';
import { newPageAt, subject, type World } from '../world.ts';
import { bareWorkOf } from './bareWork.ts';
import type { Scenario } from './scenario.ts';

const SIZES = [20, 100, 1_000] as const;
const LATENCIES = [0, 50, 100, 200] as const;
const ROUNDS_MAX = 3;
const PLOTTED_LATENCY = 100;

/** Milliseconds that a POST may take. */
const AIMS: Readonly<Record<string, number>> = {
  'HTTP/2, 100 images at 100 ms': 450,
  'HTTP/2, 1,000 images at 100 ms': 3_000,
  'HTTP/1.1, 100 images at 100 ms': 750,
};

interface Case {
  readonly version: HttpVersion;
  readonly images: number;
  readonly latency: number;
  readonly walls: number[];
  readonly bares: number[];
}

export const latency: Scenario = {
  name: 'latency',
  async run(world, { bytes, rounds }) {
    await using parts = new AsyncDisposableStack();
    const { originOf, env } = await startSites(world, parts);
    const service = await world.startFunction('postImages', env);
    parts.defer(() => service.close());
    const bare = await startChild(subject('bareHarvest.ts'), { env });
    parts.defer(() => bare.close());
    const harvest = async ({ version, images, latency }: Omit<Case, 'walls' | 'bares'>): Promise<number> => {
      const { url } = newPageAt(originOf(version, latency), images, bytes, latency);
      const task = { event: writeEvent('POST', url), times: 1, atOnce: 1, status: 201 };
      return (await service.run(task)).wallMs;
    };

    for (const version of HTTP_VERSIONS) {
      for (const images of [100, 200]) await harvest({ version, images, latency: 0 });
    }
    const cases: readonly Case[] = HTTP_VERSIONS.flatMap((version) =>
      LATENCIES.flatMap((latency) =>
        SIZES.map((images) => ({ version, images, latency, walls: [], bares: [] })),
      ),
    );
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      for (const each of cases) {
        each.walls.push(await harvest(each));
        if (each.version !== 'HTTP/2') continue;
        const page = newPageAt(originOf('HTTP/2', each.latency), each.images, bytes, each.latency);
        const work = { ...(await bareWorkOf(world, page)), isHttp2: true };
        each.bares.push((await bare.run(work)).wallMs);
      }
    }
    return cases.flatMap(rowsOf);
  },
};

/** One for each version and latency: how many connections a host gets depends on how fast it has responded before. */
async function startSites(world: World, parts: AsyncDisposableStack) {
  const sites = await createTlsSites(world.folder, parts);
  const origins = new Map<string, string>();
  for (const version of HTTP_VERSIONS) {
    for (const latency of LATENCIES) origins.set(`${version} ${latency}`, await sites.start(version));
  }
  return {
    originOf: (version: HttpVersion, latency: number) => origins.get(`${version} ${latency}`) ?? '',
    env: sites.env(),
  };
}

function rowsOf({ version, images, latency, walls, bares }: Case): Row[] {
  const what = `${version}, ${images.toLocaleString('en')} images at ${latency} ms`;
  const common = { scenario: 'latency', unit: 'ms', subject: walls, aim: null } as const;
  const aim = AIMS[what];
  const ideal = walls.map(() => 2 * latency);
  return [
    ...(aim === undefined
      ? []
      : [
          {
            ...common,
            what,
            reference: [],
            figure: median(walls),
            figureKind: 'value',
            aim: { atMost: aim },
          } satisfies Row,
        ]),
    ...(latency === 0
      ? []
      : [
          ratioRow({
            ...common,
            what: `${what}: ideal schedule`,
            reference: ideal,
            ...pointOf(version, images, latency),
          }),
        ]),
    ...(bares.length === 0
      ? []
      : [ratioRow({ ...common, what: `${what}: bare node:http2`, reference: bares })]),
    ...(latency === 0 && bares.length === 0
      ? [{ ...common, what, reference: [], figure: median(walls), figureKind: 'value' } satisfies Row]
      : []),
  ];
}

function pointOf(version: HttpVersion, images: number, latency: number): { readonly point?: Point } {
  if (latency !== PLOTTED_LATENCY) return {};
  return { point: { plot: 'images', line: version, reference: 'ideal', x: images } };
}
