/** Every call of every operation, with each of its possible fates, and another operation in between. */
import { FATES, type Fate, fatesOf, MISHAPS, type Mishap } from './breaking.ts';
import { Violation } from './invariants.ts';
import { type Past, type Play, type PlayParts, startPlay } from './play.ts';
import { type Actor, type ActorOptions, type Kind, LOCK_MS, type WrongVariant } from './stage.ts';

/** One operation on a page with a past. */
export interface Scenario {
  readonly past: Past;
  readonly kind: Kind;
  readonly site: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { past: 'nothing', kind: 'post', site: 0 },
  { past: 'fenced', kind: 'post', site: 0 },
  { past: 'killed', kind: 'post', site: 1 },
  { past: 'nothing', kind: 'put', site: 0 },
  { past: 'harvested', kind: 'put', site: 0 },
  { past: 'harvested', kind: 'put', site: 1 },
  { past: 'killedUpdate', kind: 'put', site: 2 },
  { past: 'killed', kind: 'sweep', site: 0 },
  { past: 'killedUpdate', kind: 'sweep', site: 0 },
  { past: 'changed', kind: 'get', site: 0 },
];

/** What happens in the middle: another operation as a whole, and whether every lock and marker is over before. */
interface Interlude {
  readonly kind: Kind | 'nothing';
  readonly isLockOver: boolean;
  /** Whether the operation that waits notices the time that went by. */
  readonly isNoticed: boolean;
}

const interlude = (kind: Interlude['kind'], isLockOver = false, isNoticed = false): Interlude => ({
  kind,
  isLockOver,
  isNoticed,
});
const INTERLUDES: readonly Interlude[] = [
  interlude('nothing'),
  interlude('nothing', true, true),
  interlude('get'),
  interlude('put'),
  interlude('put', true),
  interlude('put', true, true),
  interlude('post', true),
  interlude('sweep', true),
];

export interface Found {
  readonly runs: number;
  readonly steps: number;
  /** Calls that were broken in turn. */
  readonly calls: number;
  readonly violation: Violation | null;
}

export interface SearchParts {
  readonly wrong?: WrongVariant;
  readonly scenarios?: readonly Scenario[];
}

interface Variant {
  readonly nth: number;
  readonly mishap: Mishap;
  readonly fate: Fate;
  readonly interlude: Interlude;
  readonly isBefore: boolean;
}

/** Breaks one call in every way. Ends at the first violation. */
export async function searchSingleFaults({ wrong, scenarios = SCENARIOS }: SearchParts = {}): Promise<Found> {
  let runs = 0;
  let steps = 0;
  let calls = 0;
  for (const { kind, site, past } of scenarios) {
    for (const hasRedis of [true, false]) {
      const parts: PlayParts = { past, hasRedis, ...(wrong && { wrong }) };
      for (let nth = 1; ; nth += 1) {
        const variants = await variantsAt(parts, { kind, site, past }, nth);
        if (variants === null) break;
        calls += 1;
        for (const variant of variants) {
          const play = await startPlay(parts);
          runs += 1;
          const violation = await violationOf(() => runVariant(play, { kind, site, past }, variant));
          steps += play.steps();
          if (violation !== null) return { runs, steps, calls, violation };
        }
      }
    }
  }
  return { runs, steps, calls, violation: null };
}

/** The ways to break the nth call of an operation that is alone; null when it makes fewer. */
async function variantsAt(
  parts: PlayParts,
  { kind, site }: Scenario,
  nth: number,
): Promise<readonly Variant[] | null> {
  const { wrong: _, ...right } = parts;
  const play = await startPlay(right);
  const actor = await play.begin(kind, { site });
  for (let call = 1; call < nth && actor.pending[0]; call += 1) await play.step(actor.pending[0]);
  const [pending] = actor.pending;
  if (pending === undefined) return null;
  // Without Redis its calls have one fate, and no lock is ever in the way.
  const isSilent = !parts.hasRedis && pending.port === 'redis';
  const fates = isSilent ? FATES.slice(0, 1) : fatesOf(pending);
  const interludes = INTERLUDES.filter(
    (one) => parts.hasRedis || one.kind === 'nothing' || one.isLockOver || one.kind === 'get',
  );
  const mishaps = parts.hasRedis ? MISHAPS : MISHAPS.slice(0, 1);
  const broken = [
    ...fates.map((fate) => ({ fate, mishap: 'none' as const })),
    ...mishaps.slice(1).map((mishap) => ({ fate: 'fine' as const, mishap })),
  ];
  return broken.flatMap(({ fate, mishap }) =>
    interludes.flatMap((one) =>
      // Before the call, or between the call and what follows from it; a call that is fine has one place.
      (fate === 'fine' || one.kind === 'nothing' ? [true] : [true, false]).map((isBefore) => ({
        nth,
        mishap,
        fate,
        interlude: one,
        isBefore,
      })),
    ),
  );
}

async function runVariant(play: Play, { kind, site }: Scenario, variant: Variant): Promise<void> {
  const { nth, mishap, fate, interlude: between, isBefore } = variant;
  const actor = await play.begin(kind, { site, isSuspended: !between.isNoticed });
  for (let call = 1; call < nth; call += 1) await firstStep(play, actor);
  play.mishap(mishap);
  if (isBefore) await runInterlude(play, between);
  await firstStep(play, actor, fate);
  if (!isBefore) await runInterlude(play, between);
  await play.toEnd(actor);
  await play.finish();
}

async function firstStep(play: Play, actor: Actor, fate?: Fate): Promise<void> {
  const [pending] = actor.pending;
  if (pending !== undefined) await play.step(pending, fate);
}

async function runInterlude(play: Play, { kind, isLockOver }: Interlude): Promise<void> {
  if (isLockOver) play.jump(LOCK_MS);
  if (kind !== 'nothing') await play.whole(kind, { site: 1 });
}

/** Two operations: the first up to its nth call, the second up to its mth, the first to its end, the second to its. */
export interface Pair {
  readonly past: Past;
  readonly kinds: readonly [Kind, Kind];
}

export const PAIRS: readonly Pair[] = [
  { past: 'nothing', kinds: ['post', 'post'] },
  { past: 'nothing', kinds: ['post', 'put'] },
  { past: 'nothing', kinds: ['post', 'get'] },
  { past: 'harvested', kinds: ['put', 'put'] },
  { past: 'harvested', kinds: ['put', 'get'] },
  { past: 'harvested', kinds: ['get', 'put'] },
  { past: 'harvested', kinds: ['put', 'sweep'] },
  { past: 'killed', kinds: ['post', 'sweep'] },
  { past: 'killed', kinds: ['sweep', 'post'] },
  { past: 'killedUpdate', kinds: ['sweep', 'put'] },
  { past: 'killedUpdate', kinds: ['put', 'sweep'] },
  { past: 'killedUpdate', kinds: ['sweep', 'sweep'] },
];

/** More calls than any operation makes. */
const CALLS_MAX = 20;

/** Every way to switch twice between two operations. */
export async function searchTwoSwitches({ wrong }: SearchParts = {}): Promise<Omit<Found, 'calls'>> {
  let runs = 0;
  let steps = 0;
  for (const { past, kinds } of PAIRS) {
    for (const { hasRedis, isLockOver } of WAYS) {
      for (let nth = 0; nth <= CALLS_MAX; nth += 1) {
        let isPastEnd = false;
        for (let mth = 0; mth <= CALLS_MAX; mth += 1) {
          const play = await startPlay({ past, hasRedis, ...(wrong && { wrong }) });
          runs += 1;
          let isLast = false;
          const violation = await violationOf(async () => {
            const options: ActorOptions = { isSuspended: true };
            const first = await play.begin(kinds[0], { ...options, site: 0 });
            isPastEnd = !(await stepUpTo(play, first, nth));
            if (isLockOver) play.jump(LOCK_MS);
            const second = await play.begin(kinds[1], { ...options, site: 1 });
            isLast = !(await stepUpTo(play, second, mth));
            await play.toEnd(first);
            await play.toEnd(second);
            await play.finish();
          });
          steps += play.steps();
          if (violation !== null) return { runs, steps, violation };
          if (isLast) break;
        }
        if (isPastEnd) break;
      }
    }
  }
  return { runs, steps, violation: null };
}

const WAYS: readonly { readonly hasRedis: boolean; readonly isLockOver: boolean }[] = [
  { hasRedis: true, isLockOver: false },
  { hasRedis: true, isLockOver: true },
  { hasRedis: false, isLockOver: false },
];

/** False when it came to its end before. */
async function stepUpTo(play: Play, actor: Actor, calls: number): Promise<boolean> {
  for (let call = 0; call < calls; call += 1) {
    const [pending] = actor.pending;
    if (pending === undefined) return false;
    await play.step(pending);
  }
  return actor.pending.length > 0;
}

async function violationOf(work: () => Promise<void>): Promise<Violation | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}
