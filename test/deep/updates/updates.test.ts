/** Over random sites and their failures: an update loses nothing that may still be used, and removes everything else. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { kindOf, MUTANTS, type Played, play } from './play.ts';

/** So many have every kind of failure among them. */
const WITH_EVERY_KIND = 240;
const BATCH = 60;
const TIMEOUT_MS = 20 * 60_000;

/** `npm run test:updates` plays 2,000 runs. `UPDATE_RUN=<seed>` plays one again. */
const RUNS = process.env.UPDATE_RUN ? 1 : Number(process.env.UPDATE_RUNS ?? WITH_EVERY_KIND);
const FIRST = Number(process.env.UPDATE_RUN ?? 0);
/** A test each, so that none takes long on a machine that does much beside. */
const batches = Array.from({ length: Math.ceil(RUNS / BATCH) }, (_, batch) => {
  const first = FIRST + batch * BATCH;
  return { first, last: Math.min(first + BATCH, FIRST + RUNS) - 1 };
});

const KINDS = [
  'JSON-LD was too long',
  'a stylesheet was cut',
  'a stylesheet was cut at a long URL',
  'a stylesheet was failed',
  'a stylesheet was failed at a long URL',
  'a stylesheet was not asked for, or not read to its end',
  'a stylesheet was wrongType',
  'a stylesheet was wrongType at a long URL',
  'the page was cut',
];

describe('updates of random sites', () => {
  const all: Played[] = [];

  it.each(batches)(
    'lose nothing whose source was not read whole, and remove what is gone from all: $first to $last',
    async ({ first, last }) => {
      for (let seed = first; seed <= last; seed += 1) {
        const played = await play(seed);
        expect(played.faults.slice(0, 10)).toEqual([]);
        all.push(played);
      }
      report({ inputs: last - first + 1 });
    },
    TIMEOUT_MS,
  );

  it('have kept copies for every kind of failure, and removed others', () => {
    const sum = (of: 'kept' | 'removed') => all.reduce((total, played) => total + played[of], 0);
    const happened = [...new Set(all.flatMap((played) => [...played.happened]))].sort();
    report({ said: `${sum('kept')} copies kept, ${sum('removed')} removed; ${happened.join(', ')}` });
    if (RUNS < WITH_EVERY_KIND) return;
    expect(sum('removed')).toBeGreaterThan(RUNS);
    expect(happened).toEqual(KINDS);
  });

  it.each([
    ['longUrlForgotten', 'is lost', 'usual'],
    ['largeRecordTrimmed', 'is lost', 'large'],
    ['leftOutUnsaid', 'is lost', 'manySheets'],
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
