/** Over random sites and their failures: an update loses nothing that may still be used, and removes everything else. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../../../hostile/support/figures.ts';
import { kindOf, MUTANTS, type Mutant, type Played, play } from './play.ts';

/** `npm run test:updates` plays 2,000 runs. `UPDATE_RUN=<seed>` plays one again. */
const RUNS = Number(process.env.UPDATE_RUNS ?? 240);
const FIRST = Number(process.env.UPDATE_RUN ?? 0);
const seeds = Array.from({ length: process.env.UPDATE_RUN ? 1 : RUNS }, (_, index) => FIRST + index);

async function playAll(chosen: readonly number[], mutant?: Mutant): Promise<readonly Played[]> {
  const played: Played[] = [];
  for (const seed of chosen) played.push(await play(seed, mutant));
  return played;
}

describe('updates of random sites', () => {
  it(
    'lose nothing whose source was not read whole, and remove what is gone from all of them',
    async () => {
      const played = await playAll(seeds);
      expect(played.flatMap(({ faults }) => faults).slice(0, 10)).toEqual([]);
      const sum = (of: 'kept' | 'removed') => played.reduce((total, one) => total + one[of], 0);
      const happened = [...new Set(played.flatMap((one) => [...one.happened]))].sort();
      report({
        inputs: played.length,
        said: `${sum('kept')} copies kept for a source that was not read whole, ${sum('removed')} removed; ${happened.join(', ')}`,
      });
      // A few runs do not have every kind.
      if (played.length < 240) return;
      expect(sum('removed')).toBeGreaterThan(seeds.length);
      expect(happened).toEqual([
        'JSON-LD was too long',
        'a stylesheet was broken',
        'a stylesheet was broken at a long URL',
        'a stylesheet was cut',
        'a stylesheet was cut at a long URL',
        'a stylesheet was failed',
        'a stylesheet was failed at a long URL',
        'a stylesheet was not asked for, or not read to its end',
        'a stylesheet was wrongType',
        'a stylesheet was wrongType at a long URL',
        'the CSS of the page was broken',
        'the page was cut',
      ]);
    },
    30 * 60_000,
  );

  it.each([
    ['longUrlForgotten', 'is lost', 'usual'],
    ['largeRecordTrimmed', 'is lost', 'large'],
    ['leftOutUnsaid', 'is lost', 'manySheets'],
    ['budgetUnsaid', 'is lost', 'brokenCss'],
    ['budgetUnsaid', 'is lost', 'usual'],
    ['keepEverything', 'stays for nothing', 'usual'],
  ] as const)('are found out when planted: %s (%s)', async (name, fault, kind) => {
    const most = kind === 'usual' || kind === 'manySheets' ? 40 : 3;
    const candidates = Array.from({ length: 1_000 }, (_, seed) => seed).filter(
      (seed) => kindOf(seed) === kind,
    );
    for (const seed of candidates.slice(0, most)) {
      const { faults } = await play(seed, MUTANTS[name]);
      if (faults.some((text) => text.endsWith(fault))) return;
    }
    throw new Error(`${name} was not found out`);
  });
});
