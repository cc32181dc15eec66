/** A POST against the bare downloads and uploads of the same bytes. */
import { type Cost, startChild } from '../child.ts';
import { writeEvent } from '../events.ts';
import { ratioRow } from '../row.ts';
import { subject } from '../world.ts';
import { bareWorkOf } from './bareWork.ts';
import type { Scenario } from './scenario.ts';

const WARM_UPS = 3;

export const post: Scenario = {
  name: 'post',
  async run(world, { images, bytes, latency, rounds }) {
    await using parts = new AsyncDisposableStack();
    const service = await world.startFunction('postImages');
    parts.defer(() => service.close());
    const bare = await startChild(subject('bareHarvest.ts'));
    parts.defer(() => bare.close());

    const services: Cost[] = [];
    const bares: Cost[] = [];
    for (let round = -WARM_UPS; round < rounds; round += 1) {
      const page = world.newPage(images, bytes, latency);
      const event = writeEvent('POST', page.url);
      const asService = () => service.run({ event, times: 1, atOnce: 1, status: 201 });
      const work = await bareWorkOf(world, world.newPage(images, bytes, latency));
      // Who goes first takes turns, too.
      const [one, other] =
        round % 2 === 0
          ? [await asService(), await bare.run(work)]
          : ([await bare.run(work), await asService()].reverse() as [Cost, Cost]);
      if (round < 0) continue;
      services.push(one);
      bares.push(other);
    }
    const what = `${images} × ${bytes.toLocaleString('en')} B${latency > 0 ? `, ${latency} ms` : ''}`;
    const row = (label: string, pick: (cost: Cost) => number, atMost: number) =>
      ratioRow({
        scenario: 'post',
        what: `${what}: ${label}`,
        unit: 'ms',
        subject: services.map(pick),
        reference: bares.map(pick),
        aim: { atMost },
      });
    return [row('wall', ({ wallMs }) => wallMs, 2), row('CPU', ({ cpuMs }) => cpuMs, 2.5)];
  },
};
