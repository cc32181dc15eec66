/** The memory of a POST of large images against that of small ones, each in a new process. */
import { writeEvent } from '../events.ts';
import { differenceRow } from '../row.ts';
import type { World } from '../world.ts';
import type { Scenario } from './scenario.ts';

const IMAGES = 50;
const LARGE_BYTES = 10_000_000;
const SMALL_BYTES = 100_000;
const ROUNDS_MAX = 3;

export const postLarge: Scenario = {
  name: 'postLarge',
  async run(world, { rounds }) {
    const large: number[] = [];
    const small: number[] = [];
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      large.push(await peakOf(world, LARGE_BYTES));
      small.push(await peakOf(world, SMALL_BYTES));
    }
    return [
      differenceRow({
        scenario: 'postLarge',
        what: `${IMAGES} × 10 MB against 100 kB: peak memory`,
        unit: 'MB',
        subject: large,
        reference: small,
        aim: { atMost: 160 },
      }),
    ];
  },
};

async function peakOf(world: World, bytes: number): Promise<number> {
  const service = await world.startFunction('postImages');
  try {
    const event = writeEvent('POST', world.newPage(IMAGES, bytes, 0).url);
    return (await service.run({ event, times: 1, atOnce: 1, status: 201 })).peakMb;
  } finally {
    await service.close();
  }
}
