/** The fates of one call, and what its caller gets. */
import { Problem } from '../../../../lib/domain/problem.ts';
import type { Pending, Stage } from './stage.ts';

export const FATES = [
  /** Applied and answered. */
  'fine',
  /** The process ends before the call is sent. */
  'killedBefore',
  /** The process ends when the call has been applied. */
  'killedAfter',
  /** The process ends with the call under way: it is applied later. */
  'killedAndLate',
  /** Applied, but the response never arrives. */
  'lost',
  /** Not applied, but the caller cannot know that. */
  'unclear',
  /** Certainly not applied. */
  'refused',
  /** The caller gives up; applied later. */
  'late',
  /** Applied twice: the answer is the second one's. */
  'twice',
  /** Applied and answered, and applied once more later. */
  'again',
] as const;
export type Fate = (typeof FATES)[number];

/** What can happen to Redis at a moment. */
export const MISHAPS = ['none', 'flush', 'evictLock', 'evictEntry', 'redisDown'] as const;
export type Mishap = (typeof MISHAPS)[number];

const READS: ReadonlySet<string> = new Set(['read', 'readProgress', 'verify', 'list', 'isHeld']);

/** Fates that differ from each other for this call. */
export function fatesOf({ port, method }: Pick<Pending, 'port' | 'method'>): readonly Fate[] {
  if (READS.has(method)) return ['fine', 'killedBefore', 'refused'];
  if (method === 'write') return FATES;
  // Redis never refuses these, and writing or removing twice at once is the same as once.
  const leftOut: readonly Fate[] = method === 'take' ? ['unclear'] : ['unclear', 'twice'];
  return FATES.filter((fate) => !leftOut.includes(fate) && !(port === 'redis' && fate === 'killedAndLate'));
}

/** Lets one waiting call continue to the given fate, and runs everything that follows. */
export async function goOn(stage: Stage, pending: Pending, fate: Fate = 'fine'): Promise<void> {
  const { actor, method, port, apply, resolve, reject } = pending;
  actor.pending.splice(actor.pending.indexOf(pending), 1);
  stage.trace.push(`${actor.name} ${port}.${method}${fate === 'fine' ? '' : ` ${fate}`}`);
  stage.jump(1);
  if (fate !== 'fine' && port === 'bucket' && fate !== 'again') actor.isHurt = true;
  if (fate !== 'fine') actor.isTouched = true;
  switch (fate) {
    case 'fine':
      await answer(apply, resolve, reject);
      break;
    case 'killedBefore':
      kill(pending);
      break;
    case 'killedAfter':
      kill(pending);
      await apply().catch(() => undefined);
      break;
    case 'killedAndLate':
      kill(pending);
      stage.late.push(apply);
      break;
    case 'lost':
      await apply().catch(() => undefined);
      tellNothing(pending);
      break;
    case 'unclear':
      tellNothing(pending);
      break;
    case 'refused':
      if (port === 'bucket') reject(down());
      else tellNothing(pending);
      break;
    case 'late':
      stage.late.push(apply);
      tellNothing(pending);
      break;
    case 'twice':
      await apply().catch(() => undefined);
      await answer(apply, resolve, reject);
      break;
    case 'again':
      stage.late.push(apply);
      await answer(apply, resolve, reject);
      break;
  }
  await stage.settle();
}

/** The effect of a call whose caller has given it up. */
export async function arriveLate(stage: Stage, index: number): Promise<void> {
  const [apply] = stage.late.splice(index, 1);
  stage.trace.push('a late call is applied');
  await apply?.().catch(() => undefined);
}

export function befall(stage: Stage, mishap: Mishap): void {
  if (mishap === 'none') return;
  stage.trace.push(mishap);
  if (mishap === 'flush') stage.cache.flush();
  if (mishap === 'evictLock') stage.cache.locks.clear();
  if (mishap === 'evictEntry') stage.cache.entries.clear();
  if (mishap === 'redisDown') stage.cache.setDown(true);
}

function kill({ actor }: Pending): void {
  actor.isDead = true;
  actor.pending.length = 0;
}

async function answer(
  apply: Pending['apply'],
  resolve: Pending['resolve'],
  reject: Pending['reject'],
): Promise<void> {
  await apply().then(resolve, reject);
}

/** Ends a call as the adapters do without a response. */
function tellNothing({ port, method, resolve, reject }: Pending): void {
  if (port === 'redis') resolve(REDIS_SILENT[method]);
  else if (method === 'write') resolve({ kind: 'unclear', cause: new Error('reset') });
  else reject(down());
}

const REDIS_SILENT: Readonly<Record<string, unknown>> = {
  read: { kind: 'miss' },
  take: 'unavailable',
  isHeld: false,
};

const down = () => new Problem('STORAGE_UNAVAILABLE', { detail: 'down', retryAfterSeconds: 5 });
