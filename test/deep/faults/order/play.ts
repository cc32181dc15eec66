/** One run of the search: a page with a past, some operations, and the two following days. */
import { arriveLate, befall, type Fate, goOn, type Mishap } from './breaking.ts';
import { createWatch, Violation, type Watch } from './invariants.ts';
import {
  type Actor,
  type ActorOptions,
  CACHE_TTL_MS,
  createStage,
  DAYS_MS,
  type Kind,
  LOCK_MS,
  type Pending,
  type Stage,
  type WrongVariant,
} from './stage.ts';

/** What the page has been through before a run begins. */
export const PASTS = ['nothing', 'harvested', 'changed', 'killed', 'killedUpdate', 'fenced'] as const;
export type Past = (typeof PASTS)[number];

export interface PlayParts {
  readonly past: Past;
  readonly hasRedis: boolean;
  readonly wrong?: WrongVariant;
}

export interface Play {
  readonly stage: Stage;
  readonly watch: Watch;
  /** Steps so far. */
  steps(): number;
  begin(kind: Kind, options?: ActorOptions): Promise<Actor>;
  step(pending: Pending, fate?: Fate): Promise<void>;
  /** Begins another operation and runs it to its end; a sweep comes two days later. */
  whole(kind: Kind, options?: ActorOptions): Promise<Actor>;
  /** Runs one operation to its end. */
  toEnd(actor: Actor): Promise<void>;
  mishap(mishap: Mishap): void;
  jump(ms: number): void;
  lateCall(index: number): Promise<void>;
  /**
   * For a run without broken calls and kills. Of the calls that created the page, one must have succeeded, unless a
   * sweep fenced it. No object may be left that no record names.
   */
  judgeUndisturbed(): void;
  /** Checks the end of the run: what must still be possible, and what must be left. */
  finish(): Promise<void>;
}

/** More than any operation takes. */
const STEPS_MAX = 400;

export async function startPlay({ past, hasRedis, wrong }: PlayParts): Promise<Play> {
  const watch: Watch = createWatch(() => stage, { strict: wrong === undefined });
  const stage: Stage = createStage(() => watch.count());
  let steps = 0;

  const play: Play = {
    stage,
    watch,
    steps: () => steps,
    begin: async (kind, options) => {
      const actor = await stage.begin(kind, options);
      watch.look();
      return actor;
    },
    step: async (pending, fate = 'fine') => {
      if (++steps > STEPS_MAX) fail(stage, 'it does not end');
      // A broken call to Redis may leave an old list in the cache until it expires.
      if (fate !== 'fine' && pending.port === 'redis' && !fate.startsWith('killed')) watch.allowStale();
      if (LATE.has(fate)) watch.allowStale();
      await goOn(stage, pending, fate);
      watch.look();
    },
    whole: async (kind, options) => {
      if (kind === 'sweep') play.jump(DAYS_MS);
      const actor = await play.begin(kind, options);
      await play.toEnd(actor);
      return actor;
    },
    toEnd: async (actor) => {
      for (let next = actor.pending[0]; next !== undefined; next = actor.pending[0]) await play.step(next);
    },
    mishap: (mishap) => {
      if (mishap === 'none') return;
      watch.allowStale();
      befall(stage, mishap);
    },
    jump: (ms) => {
      watch.jumped(ms);
      stage.trace.push(`${ms} ms go by`);
      stage.jump(ms);
    },
    lateCall: async (index) => {
      await arriveLate(stage, index);
      watch.look();
    },
    judgeUndisturbed: () => {
      const cast = stage.actors.slice(begun);
      if (cast.some(({ isTouched }) => isTouched)) return;
      if (!past.startsWith('killed') && watch.orphans().length > 0)
        fail(stage, `nothing was broken, and ${watch.orphans().join()} is left`);

      const writers = cast.filter(({ kind }) => kind === 'post' || kind === 'put');
      // An operation whose time was over could not succeed.
      const isFair = cast.every(
        ({ kind, isLate, outcome }) => kind !== 'sweep' && !isLate && outcome?.code !== 'STORAGE_UNAVAILABLE',
      );
      if (!isNew || !isFair || writers.length === 0) return;
      if (!writers.some(({ outcome }) => outcome?.code === 'OK'))
        fail(stage, 'of simultaneous calls none won');
    },
    finish: () => finish(play),
  };

  await live(play, past);
  if (wrong) stage.goWrong(wrong);
  const begun = stage.actors.length;
  const isNew = watch.current()?.kind !== 'page';
  stage.trace.push('---');
  if (!hasRedis) {
    stage.cache.flush();
    stage.cache.setDown(true);
  }
  steps = 0;
  return play;
}

const LATE: ReadonlySet<Fate> = new Set<Fate>(['killedAndLate', 'late', 'again']);

async function live(play: Play, past: Past): Promise<void> {
  if (past === 'nothing') return;
  if (past === 'killed' || past === 'fenced') await killedAtCommit(play, 'post', 0);
  else await play.whole('post');
  if (past === 'changed') await play.whole('put', { site: 1 });
  if (past === 'killedUpdate') await killedAtCommit(play, 'put', 1);
  if (past === 'fenced') await play.whole('sweep');
  // A search among pages without images would find nothing to lose.
  else if (play.stage.store.objects.size < 2) throw new Error('the page of the search has no images');
  play.jump(LOCK_MS);
}

/** Leaves its uploads behind. */
async function killedAtCommit(play: Play, kind: Kind, site: number): Promise<void> {
  const actor = await play.begin(kind, { site });
  for (let next = actor.pending[0]; next !== undefined; next = actor.pending[0])
    await play.step(next, next.method === 'write' ? 'killedBefore' : 'fine');
}

async function finish(play: Play): Promise<void> {
  const { stage, watch } = play;
  stage.trace.push('--- afterwards');
  while (stage.late.length > 1) await play.lateCall(0);

  play.jump(LOCK_MS);
  const update = await play.whole('put', { site: 2 });
  if (update.outcome?.code !== 'OK')
    fail(stage, `once the lock was over the page could not be written: ${update.outcome?.code}`);
  // Very late calls arrive after the page was written again.
  while (stage.late.length > 0) await play.lateCall(0);

  play.jump(CACHE_TTL_MS);
  watch.forbidStale();
  for (let reads = 0; reads < 2; reads += 1) {
    const reader = await play.whole('get');
    // The list is not always this update's: after one that changed nothing, a late commit of a killed call can succeed.
    if (reader.outcome?.names.join() !== watch.names().join())
      fail(stage, 'a reader was not told the last list');
  }
  const swept = await play.whole('sweep');
  if (swept.outcome?.code !== 'OK') fail(stage, 'the sweep failed');
  if (watch.orphans().length > 0) fail(stage, `the sweep left ${watch.orphans().join()}`);
}

function fail(stage: Stage, what: string): never {
  throw new Violation(`${what}\n  ${stage.trace.join('\n  ')}`);
}
