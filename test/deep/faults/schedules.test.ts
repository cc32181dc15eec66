/**
 * Random schedules of two or three operations at once on one page, with random faults: what must hold is looked at
 * after every step. `SCHEDULES=100000` plays so many; `SCHEDULE=<seed>` plays the one that a failure named.
 */
import { expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { playSchedule } from './order/schedule.ts';

/** Some 20 seconds of a processor. */
const USUAL_COUNT = 8_000;
const { SCHEDULES, SCHEDULE } = process.env;
const first = SCHEDULE === undefined ? 1 : Number(SCHEDULE);
const count = SCHEDULE === undefined ? Number(SCHEDULES ?? USUAL_COUNT) : 1;
/** For one run, on a machine that does ten other things. */
const RUN_MS = 150;

it(
  'a page stays whole under every schedule',
  async () => {
    let steps = 0;
    const start = performance.now();
    for (let seed = first; seed < first + count; seed += 1) {
      const result = await playSchedule(seed);
      steps += result.steps;
      expect(result.violation).toBeNull();
    }
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const played = `${count.toLocaleString('en')} schedules, ${steps.toLocaleString('en')} steps`;
    report({ inputs: count, said: `${played} in ${seconds} s` });
    expect(steps).toBeGreaterThan(count * 10);
  },
  60_000 + count * RUN_MS,
);
