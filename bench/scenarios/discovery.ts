/** Finding the images of saved pages against the bare parse of the same pages. */
import { type Cost, startChild } from '../child.ts';
import { ratioRow } from '../row.ts';
import { subject } from '../world.ts';
import type { Scenario } from './scenario.ts';

const WARM_UPS = 2;

export const discovery: Scenario = {
  name: 'discovery',
  async run(_world, { corpus, rounds }) {
    // Two processes, so that neither's garbage is the other's.
    await using parts = new AsyncDisposableStack();
    const env = { BENCH_CORPUS: corpus };
    const finding = await startChild(subject('pages.ts'), { env });
    parts.defer(() => finding.close());
    const parsing = await startChild(subject('pages.ts'), { env });
    parts.defer(() => parsing.close());
    const found: Cost[] = [];
    const parsed: Cost[] = [];
    for (let round = -WARM_UPS; round < rounds; round += 1) {
      const [one, other] = [await finding.run('discover'), await parsing.run('parse')];
      if (round < 0) continue;
      found.push(one);
      parsed.push(other);
    }
    return [
      ratioRow({
        scenario: 'discovery',
        what: `${found[0]?.result} saved pages: CPU beside parse5 alone`,
        unit: 'ms',
        subject: found.map(({ cpuMs }) => cpuMs),
        reference: parsed.map(({ cpuMs }) => cpuMs),
        aim: { atMost: 1.5 },
      }),
    ];
  },
};
