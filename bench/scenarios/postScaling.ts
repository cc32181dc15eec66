/** How a POST's time grows with its images, and what is above the best schedule that a latency allows. */
import { startServer } from '../child.ts';
import { writeEvent } from '../events.ts';
import { type Row, ratioRow } from '../row.ts';
import { exponentOf, median } from '../statistics.ts';
import { newPageAt, SITE } from '../world.ts';
import type { Scenario } from './scenario.ts';

const SIZES = [10, 100, 1_000] as const;
const LATENCIES = [0, 50, 200] as const;
/** What a host gets at first, and the default of `CONNECTIONS_PER_HOST`. */
const FIRST_CONNECTIONS = 8;
const CONNECTIONS = 32;
const ROUNDS_MAX = 3;

export const postScaling: Scenario = {
  name: 'postScaling',
  async run(world, { bytes, rounds }) {
    await using parts = new AsyncDisposableStack();
    const sites = await startSites(parts);
    const service = await world.startFunction('postImages', sites.env);
    parts.defer(() => service.close());
    const harvest = (images: number, latency: number) => {
      const event = writeEvent('POST', newPageAt(sites.originOf(latency), images, bytes, latency).url);
      return service.run({ event, times: 1, atOnce: 1, status: 201 });
    };
    for (const images of [100, 200, 200]) await harvest(images, 0);

    const walls = new Map<string, number[]>();
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      for (const latency of LATENCIES) {
        for (const images of SIZES) {
          const key = `${latency} ${images}`;
          walls.set(key, [...(walls.get(key) ?? []), (await harvest(images, latency)).wallMs]);
        }
      }
    }
    const wallsOf = (latency: number, images: number) => walls.get(`${latency} ${images}`) ?? [];
    return LATENCIES.flatMap((latency) => [
      growth(
        latency,
        SIZES.map((images) => [images, wallsOf(latency, images)] as const),
      ),
      ...(latency === 0
        ? []
        : SIZES.map((images) => againstIdeal(latency, images, wallsOf(latency, images)))),
    ]);
  },
};

/** One for each latency: how many connections a host gets depends on how fast it has responded before. */
async function startSites(parts: AsyncDisposableStack) {
  const hosts = new Map<number, string>();
  for (const latency of LATENCIES) {
    const site = await startServer(SITE, []);
    parts.defer(() => site.close());
    hosts.set(latency, `localhost:${site.port}`);
  }
  return {
    originOf: (latency: number) => `http://${hosts.get(latency)}`,
    env: { FETCH_ALLOW_HOSTS: [...hosts.values()].join(',') },
  };
}

function growth(
  latency: number,
  points: readonly (readonly [images: number, walls: readonly number[]])[],
): Row {
  return {
    scenario: 'postScaling',
    what: `10, 100, 1,000 images at ${latency} ms: growth`,
    unit: 'ms',
    subject: points.at(-1)?.[1] ?? [],
    reference: points[0]?.[1] ?? [],
    figure: exponentOf(points.map(([images, walls]) => [images, median(walls)])),
    figureKind: 'exponent',
    aim: { atMost: 1.05 },
  };
}

/** Each response lets one request more in than before: the connections double from wave to wave. */
export function wavesOf(images: number): number {
  let waves = 0;
  for (let left = images, width = FIRST_CONNECTIONS; left > 0; width = Math.min(CONNECTIONS, 2 * width)) {
    left -= width;
    waves += 1;
  }
  return waves;
}

/** One answer for the page, then as many waves as the connections to one host need. */
function againstIdeal(latency: number, images: number, walls: readonly number[]): Row {
  const ideal = latency * (1 + wavesOf(images));
  return ratioRow({
    scenario: 'postScaling',
    what: `${images.toLocaleString('en')} images at ${latency} ms: ideal schedule`,
    unit: 'ms',
    subject: walls,
    reference: walls.map(() => ideal),
    aim: { atMost: 1.3 },
  });
}
