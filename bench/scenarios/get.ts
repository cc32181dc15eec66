/** Look-ups: through the cache, past it, unchanged, and with the details of the largest record. */
import { pageIdOf } from '../../lib/domain/identity.ts';
import { type Child, type Cost, startChild } from '../child.ts';
import { getEvent, type HttpEvent, writeEvent } from '../events.ts';
import { type Row, ratioRow } from '../row.ts';
import { median } from '../statistics.ts';
import { subject, type World } from '../world.ts';
import type { Scenario } from './scenario.ts';

const IMAGES = 10;
const IMAGES_MANY = 1_000;
const TIMES = 2_000;
const TIMES_MANY = 40;
/** So that a core is never idle while a call waits for the cache. */
const AT_ONCE = 16;

export const get: Scenario = {
  name: 'get',
  async run(world, { rounds }) {
    await using parts = new AsyncDisposableStack();
    const own = <T extends Child>(child: T): T => {
      parts.defer(() => child.close());
      return child;
    };
    const cached = own(await world.startFunction('getImages'));
    const uncached = own(await world.startFunction('getImages', { REDIS_ADDRESS: '' }));
    const constant = own(await startChild(subject('constantChain.ts')));
    const redis =
      world.redisAddress === null
        ? null
        : own(await startChild(subject('bareRedis.ts'), { env: { REDIS_ADDRESS: world.redisAddress } }));

    const small = await harvested(world, IMAGES);
    const large = await harvested(world, IMAGES_MANY);
    const etag = await etagOf(cached, small);
    const hit = getEvent(small);
    const key = `page:${pageIdOf(small)}`;
    const calls = (event: HttpEvent, atOnce: number, status = 200, times = TIMES) => ({
      event,
      times,
      atOnce,
      status,
    });

    const tasks: Readonly<Record<string, () => Promise<Cost>>> = {
      constant: () => constant.run(calls(hit, AT_ONCE)),
      hits: () => cached.run(calls(hit, AT_ONCE)),
      hitsInTurn: () => cached.run(calls(hit, 1)),
      ...(redis !== null && {
        bareInTurn: () => redis.run({ key, times: TIMES, atOnce: 1 }),
        bare: () => redis.run({ key, times: TIMES, atOnce: AT_ONCE }),
      }),
      unchanged: () => cached.run(calls(getEvent(small, { ifNoneMatch: etag }), AT_ONCE, 304)),
      misses: () => uncached.run(calls(hit, AT_ONCE, 200, TIMES / 4)),
      details: () => cached.run(calls(getEvent(large, { include: 'details' }), 1, 200, TIMES_MANY)),
    };
    const costs = new Map<string, Cost[]>(Object.keys(tasks).map((name) => [name, []]));
    for (let round = -1; round < rounds; round += 1) {
      for (const [name, task] of Object.entries(tasks)) {
        const cost = await task();
        if (round >= 0) costs.get(name)?.push(cost);
      }
    }
    return rowsOf((name) => costs.get(name) ?? []);
  },
};

function rowsOf(costs: (task: string) => readonly Cost[]): Row[] {
  const perCore = (name: string, times = TIMES) => costs(name).map(({ cpuMs }) => (times * 1_000) / cpuMs);
  const micros = (name: string, times = TIMES) => costs(name).map(({ wallMs }) => (wallMs * 1_000) / times);
  const hasCache = costs('bare').length > 0;
  const perSecond = (what: string, name: string, aim: Row['aim'], times = TIMES): Row => ({
    scenario: 'get',
    what: `${what}, a second and core`,
    unit: '/s',
    subject: perCore(name, times),
    reference: perCore('constant'),
    figure: median(perCore(name, times)),
    figureKind: 'value',
    aim,
  });
  return [
    perSecond(`hit, ${IMAGES} images`, 'hits', hasCache ? { atLeast: 8_000 } : null),
    ...(hasCache
      ? [
          ratioRow({
            scenario: 'get',
            what: 'hit, one after the other: latency beside a bare GET of Redis',
            unit: 'µs',
            subject: micros('hitsInTurn'),
            reference: micros('bareInTurn'),
            aim: { atMost: 1.5 },
            // Each call waits for two processes in turn, the bare one for another two: on a busy machine its scheduler
            // makes the ratio. That a hit has become dear is seen above, by its processor time.
            isOnlyShown: true,
          }),
        ]
      : []),
    perSecond('304', 'unchanged', null),
    perSecond('without a cache', 'misses', null, TIMES / 4),
    perSecond(`details of ${IMAGES_MANY.toLocaleString('en')} images`, 'details', null, TIMES_MANY),
  ];
}

async function harvested(world: World, images: number): Promise<string> {
  const { url } = world.newPage(images, 200, 0);
  const service = await world.startFunction('postImages');
  try {
    await service.run({ event: writeEvent('POST', url), times: 1, atOnce: 1, status: 201 });
    return url;
  } finally {
    await service.close();
  }
}

async function etagOf(service: Child, url: string): Promise<string> {
  const { result } = await service.run({ event: getEvent(url), times: 1, atOnce: 1, status: 200 });
  return (result as { headers: { etag: string } }).headers.etag;
}
