/** The search finds what each tempting wrong way loses; else its silence about the right one would prove nothing. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { playSchedule } from './order/schedule.ts';
import { searchSingleFaults, searchTwoSwitches } from './order/search.ts';
import type { WrongVariant } from './order/stage.ts';
import { leavingWhatIsReplaced, WRONG_VARIANTS } from './order/wrongVariants.ts';

/** What needs several rare faults at once is left to the systematic search. */
const SCHEDULES_MAX = 1_000;

describe('the search finds what is lost by', () => {
  it.each(Object.entries(WRONG_VARIANTS))(
    '%s',
    async (name, wrong) => {
      const switches = await searchTwoSwitches({ wrong });
      const faults = switches.violation === null ? await searchSingleFaults({ wrong }) : null;
      const [loss = ''] = (faults ?? switches).violation?.message.split('\n') ?? [];
      const runs = switches.runs + (faults?.runs ?? 0);
      const seed = await firstBadSchedule(wrong);
      const inSchedules = seed === null ? `none of ${SCHEDULES_MAX} schedules` : `schedule ${seed}`;
      report({
        inputs: runs + (seed ?? SCHEDULES_MAX),
        said: `wrong: ${name}: found after ${runs.toLocaleString('en')} runs and by ${inSchedules}: ${loss}`,
      });
      expect(loss).not.toBe('');
    },
    300_000,
  );

  it('leaving to the sweep what a writer could remove itself', async () => {
    const seed = await firstBadSchedule(leavingWhatIsReplaced);
    report({
      inputs: seed ?? SCHEDULES_MAX,
      said: `wrong: leaving what is replaced: found by schedule ${seed}`,
    });
    expect(seed).not.toBeNull();
  });
});

async function firstBadSchedule(wrong: WrongVariant): Promise<number | null> {
  for (let seed = 1; seed <= SCHEDULES_MAX; seed += 1)
    if ((await playSchedule(seed, wrong)).violation !== null) return seed;
  return null;
}
