/** An update that finds nothing new against the POST of the same page. */
import { writeEvent } from '../events.ts';
import { type Row, ratioRow } from '../row.ts';
import type { Scenario } from './scenario.ts';

const WARM_UPS = 3;

export const put: Scenario = {
  name: 'put',
  async run(world, { images, bytes, latency, rounds }) {
    await using parts = new AsyncDisposableStack();
    const creating = await world.startFunction('postImages');
    parts.defer(() => creating.close());
    const updating = await world.startFunction('putImages');
    parts.defer(() => updating.close());

    const updates: number[] = [];
    const creations: number[] = [];
    const pictureBytes: number[] = [];
    for (let round = -WARM_UPS; round < rounds; round += 1) {
      const { url } = world.newPage(images, bytes, latency);
      const once = { times: 1, atOnce: 1 };
      const created = await creating.run({ event: writeEvent('POST', url), ...once, status: 201 });
      const before = await world.counts();
      const updated = await updating.run({ event: writeEvent('PUT', url), ...once, status: 200 });
      const after = await world.counts();
      if (round < 0) continue;
      creations.push(created.wallMs);
      updates.push(updated.wallMs);
      pictureBytes.push(after.pictureBytes - before.pictureBytes);
    }
    const bytesRow: Row = {
      scenario: 'put',
      what: 'image bytes sent by the site',
      unit: 'B',
      subject: pictureBytes,
      reference: [],
      figure: Math.max(...pictureBytes),
      figureKind: 'value',
      aim: { atMost: 0 },
    };
    return [
      ratioRow({
        scenario: 'put',
        what: `${images} unchanged: the POST's wall over the PUT's`,
        unit: 'ms',
        subject: creations,
        reference: updates,
        aim: { atLeast: 5 },
      }),
      bytesRow,
    ];
  },
};
