/** The time and the memory of a POST by the bytes of an image, each in a new process. */
import type { Cost } from '../child.ts';
import { writeEvent } from '../events.ts';
import { differenceRow, type Row } from '../row.ts';
import { median } from '../statistics.ts';
import type { World } from '../world.ts';
import type { Scenario } from './scenario.ts';

const IMAGES = 50;
const SIZES = [10_000, 100_000, 1_000_000, 10_000_000] as const;
/** Its memory is what the largest is compared with. */
const SMALL_BYTES = 100_000;
const LARGE_BYTES = 10_000_000;
const ROUNDS_MAX = 3;

export const postLarge: Scenario = {
  name: 'postLarge',
  async run(world, { rounds }) {
    const costs = new Map<number, Cost[]>(SIZES.map((bytes) => [bytes, []]));
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      for (const [bytes, each] of costs) each.push(await costOf(world, bytes));
    }
    const peaksOf = (bytes: number) => (costs.get(bytes) ?? []).map(({ peakMb }) => peakMb);
    return [
      differenceRow({
        scenario: 'postLarge',
        what: `${IMAGES} × 10 MB against 100 kB: peak memory`,
        unit: 'MB',
        subject: peaksOf(LARGE_BYTES),
        reference: peaksOf(SMALL_BYTES),
        aim: { atMost: 160 },
      }),
      ...SIZES.flatMap((bytes) => [
        valueRow(
          bytes,
          'first call',
          'ms',
          'time',
          (costs.get(bytes) ?? []).map(({ wallMs }) => wallMs),
        ),
        valueRow(bytes, 'peak memory', 'MB', 'memory', peaksOf(bytes)),
      ]),
    ];
  },
};

async function costOf(world: World, bytes: number): Promise<Cost> {
  const service = await world.startFunction('postImages');
  try {
    const event = writeEvent('POST', world.newPage(IMAGES, bytes, 0).url);
    return await service.run({ event, times: 1, atOnce: 1, status: 201 });
  } finally {
    await service.close();
  }
}

function valueRow(
  bytes: number,
  label: string,
  unit: string,
  plot: 'time' | 'memory',
  subject: readonly number[],
): Row {
  return {
    scenario: 'postLarge',
    what: `${IMAGES} × ${bytes.toLocaleString('en')} B: ${label}`,
    unit,
    subject,
    reference: [],
    figure: median(subject),
    figureKind: 'value',
    aim: null,
    point: { plot, line: `${IMAGES} images`, x: bytes },
  };
}
