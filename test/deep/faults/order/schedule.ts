/** One random run: its operations, whose call goes on next, and that call's fate. All follow from one seed. */

import { createRandom, type Random } from '../../../support/random.ts';
import { type Fate, fatesOf, MISHAPS } from './breaking.ts';
import { Violation } from './invariants.ts';
import { PASTS, type Play, startPlay } from './play.ts';
import { SITES } from './site.ts';
import { type Actor, DAYS_MS, type Kind, LOCK_MS, type WrongVariant } from './stage.ts';

const KINDS: readonly Kind[] = ['post', 'post', 'put', 'put', 'put', 'get', 'sweep'];
/** Of all calls so many are broken: in some runs none, since the faults of one run hide those of the schedule. */
const BROKEN_SHARES = [0, 0.03, 0.1];
/** One call in ten is a commit, and most depends on it. */
const COMMIT_FACTOR = 4;
const MISHAP_SHARE = 0.03;
const JUMP_SHARE = 0.03;
const LATE_SHARE = 0.15;
/** How likely it is that the operation that went on last goes on again: long stretches meet other schedules. */
const STAY_SHARES = [0, 0.5, 0.9];

export interface ScheduleResult {
  readonly steps: number;
  readonly violation: Violation | null;
}

/** Plays the schedule of a seed. */
export async function playSchedule(seed: number, wrong?: WrongVariant): Promise<ScheduleResult> {
  const random = createRandom(seed);
  const play = await startPlay({
    past: random.of(PASTS),
    hasRedis: random.chance(0.75),
    ...(wrong && { wrong }),
  });
  try {
    await playRandomly(play, random);
    play.judgeUndisturbed();
    await play.finish();
    return { steps: play.steps(), violation: null };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { steps: play.steps(), violation: new Violation(`seed ${seed}: ${error.message}`) };
  }
}

async function playRandomly(play: Play, random: Random): Promise<void> {
  const brokenShare = random.of(BROKEN_SHARES);
  const stayShare = random.of(STAY_SHARES);
  const isTimeKept = random.chance(0.3);
  let toBegin = 2 + random.below(2);
  let last: Actor | null = null;

  while (toBegin > 0 || waiting(play).length > 0) {
    if (play.stage.late.length > 0 && random.chance(LATE_SHARE)) {
      await play.lateCall(random.below(play.stage.late.length));
      continue;
    }
    if (!isTimeKept && random.chance(JUMP_SHARE)) play.jump(random.of([LOCK_MS, DAYS_MS]));
    if (brokenShare > 0 && random.chance(MISHAP_SHARE)) play.mishap(random.of(MISHAPS));

    const actors = waiting(play);
    if (toBegin > 0 && (actors.length === 0 || random.chance(0.2))) {
      toBegin -= 1;
      last = await play.begin(random.of(KINDS), {
        site: random.below(SITES),
        isSuspended: random.chance(0.7),
      });
      continue;
    }
    const stays: boolean = last !== null && actors.includes(last) && random.chance(stayShare);
    const actor: Actor = stays && last ? last : random.of(actors);
    const pending = random.of(actor.pending);
    const share = pending.method === 'write' ? brokenShare * COMMIT_FACTOR : brokenShare;
    const fate: Fate = random.chance(share) ? random.of(fatesOf(pending)) : 'fine';
    await play.step(pending, fate);
    last = actor;
  }
}

const waiting = (play: Play): readonly Actor[] =>
  play.stage.actors.filter(({ pending }) => pending.length > 0);
