/**
 * A stage for the real code of `lib/harvest` and `lib/record`. Every call to the bucket and to Redis waits before it is
 * applied, until the search chooses the call to continue and its fate. Time is simulated.
 */
import { setImmediate } from 'node:timers/promises';
import { createByteBudget } from '../../../../lib/concurrency/byteBudget.ts';
import { readConfig } from '../../../../lib/config.ts';
import { pageIdOf } from '../../../../lib/domain/identity.ts';
import type { PageRecord } from '../../../../lib/domain/model.ts';
import type { StoredObject } from '../../../../lib/domain/ports.ts';
import { Problem } from '../../../../lib/domain/problem.ts';
import { type HarvestServices, harvest } from '../../../../lib/harvest/harvest.ts';
import { createUploadPermits } from '../../../../lib/harvest/uploadPermits.ts';
import { lookUp } from '../../../../lib/lookup/lookUp.ts';
import { type SweepServices, sweep } from '../../../../lib/sweep/sweep.ts';
import { createMemoryCache, type MemoryCache } from '../../../fakes/memoryCache.ts';
import { createMemoryStore, type MemoryStore } from '../../../fakes/memoryStore.ts';
import { createMemoryWeb } from '../../../fakes/memoryWeb.ts';
import { PAGE, siteOf } from './site.ts';

export type Kind = 'post' | 'put' | 'get' | 'sweep';

export interface Pending {
  readonly actor: Actor;
  readonly port: 'bucket' | 'redis';
  readonly method: string;
  readonly apply: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Outcome {
  /** `OK` or the problem's code; `BUG` for any other error. */
  readonly code: string;
  /** The names in the response to a POST, a PUT or a GET. */
  readonly names: readonly string[];
  readonly error?: unknown;
}

/** One operation. */
export interface Actor {
  readonly name: string;
  readonly kind: Kind;
  /** Its waiting calls, in order. */
  readonly pending: Pending[];
  /** The ids that it created: a writer's opId, a sweep's fences. */
  readonly ids: string[];
  /** Number of the page's records when it began. */
  readonly startedAt: number;
  /** It was killed, and none of its calls continues. */
  isDead: boolean;
  /** One of its calls to the bucket was broken. */
  isHurt: boolean;
  /** Its time for fetching ended before it had fetched everything. */
  isLate: boolean;
  /** One of its calls had another fate than `fine`. */
  isTouched: boolean;
  outcome: Outcome | null;
}

type Gate = <T>(port: Pending['port'], method: string, apply: () => Promise<T>) => Promise<T>;

type StageServices = HarvestServices & SweepServices;

/** Turns the services of an operation into those of a wrong variant of the protocol. */
export type WrongVariant = (parts: {
  readonly kind: Kind;
  readonly services: HarvestServices;
  /** For a step that the ports do not have. */
  readonly gate: Gate;
  readonly store: MemoryStore;
  readonly cache: MemoryCache;
  readonly elapsed: () => number;
}) => HarvestServices;

export interface ActorOptions {
  /** The state of the web page that it finds. */
  readonly site?: number;
  /** Its clock is stopped, so it does not notice that its time is over. */
  readonly isSuspended?: boolean;
}

export interface Stage {
  readonly store: MemoryStore;
  readonly cache: MemoryCache;
  readonly actors: readonly Actor[];
  readonly pageId: string;
  /** Effects of calls that their callers have given up. */
  readonly late: (() => Promise<unknown>)[];
  /** Everything that happened, for people. */
  readonly trace: string[];
  /** Milliseconds since the stage was created. */
  elapsed(): number;
  /** Moves the time forward. Suspended operations do not notice. */
  jump(ms: number): void;
  /** Makes every later operation a wrong variant. */
  goWrong(variant: WrongVariant): void;
  /** Begins an operation and runs it up to its first call. */
  begin(kind: Kind, options?: ActorOptions): Promise<Actor>;
  /** Runs until only waiting calls are left. */
  settle(): Promise<void>;
}

/** Time of a call. Lock and busy marker last a second longer. */
const CALL_MS = 12_000;
export const LOCK_MS = CALL_MS + 1_000;
export const CACHE_TTL_MS = 300_000;
export const DAYS_MS = 2 * 24 * 60 * 60 * 1_000;

const LIMITS = readConfig({ S3_BUCKET: 'images' }).limits;
const START = Date.parse('2026-01-01T00:00:00.000Z');

/** Timers on clocks that are moved by hand. */
function createTimers() {
  const waiting = new Set<{ readonly isDue: () => boolean; readonly act: () => void }>();
  return {
    add(elapsed: () => number, wait: number, act: () => void): () => void {
      const end = elapsed() + wait;
      const timer = { isDue: () => elapsed() >= end, act };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    fire(): void {
      for (const timer of [...waiting]) {
        if (!timer.isDue()) continue;
        waiting.delete(timer);
        timer.act();
      }
    },
  };
}

/** @param versions how many records the page has had */
export function createStage(versions: () => number): Stage {
  let wrong: WrongVariant | undefined;
  let ms = 0;
  let jumped = 0;
  let ids = 0;
  const elapsed = () => ms;
  const now = () => new Date(START + ms);
  const store = createMemoryStore({ now });
  const cache = createMemoryCache({ elapsed, ttlSeconds: CACHE_TTL_MS / 1_000 });
  const actors: Actor[] = [];
  const late: (() => Promise<unknown>)[] = [];
  const trace: string[] = [];
  const timers = createTimers();

  const settle = async () => {
    const isUnderWay = (actor: Actor) =>
      !actor.isDead && actor.outcome === null && actor.pending.length === 0;
    for (let turns = 0; turns < 1_000; turns += 1) {
      await setImmediate();
      if (!actors.some(isUnderWay)) return;
    }
    throw new Error(`an operation neither ends nor calls anything:\n${trace.join('\n')}`);
  };

  const servicesOf = (actor: Actor, { site = 0, isSuspended = false }: ActorOptions): StageServices => {
    const jumpedBefore = jumped;
    const gate = gateOf(actor);
    const elapsedHere = () => (isSuspended ? ms - (jumped - jumpedBefore) : ms);
    const services: StageServices = {
      ...gatedPorts(store, cache, gate),
      web: createMemoryWeb(siteOf(site)),
      clock: {
        // For a sweep every object is old, so only its fence protects a writer at work.
        now: () => (actor.kind === 'sweep' ? new Date(now().getTime() + DAYS_MS) : now()),
        elapsed: elapsedHere,
        after: (wait, act) =>
          timers.add(elapsedHere, wait, () => {
            actor.isLate = true;
            act();
          }),
      },
      limits: LIMITS,
      bytesInFlight: createByteBudget(64 * 1024 * 1024),
      uploadPermits: createUploadPermits(),
      newId: () => {
        const id = `op${String(++ids).padStart(30, '0')}`;
        actor.ids.push(id);
        return id;
      },
    };
    return { ...services, ...wrong?.({ kind: actor.kind, services, gate, store, cache, elapsed }) };
  };

  return {
    store,
    cache,
    actors,
    pageId: pageIdOf(PAGE),
    late,
    trace,
    elapsed,
    jump: (more) => {
      ms += more;
      if (more > 1) jumped += more;
      timers.fire();
    },
    settle,
    goWrong: (variant) => {
      wrong = variant;
    },
    begin: async (kind, options = {}) => {
      const actor: Actor = {
        name: `${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[actors.length]}:${kind}`,
        kind,
        pending: [],
        ids: [],
        startedAt: versions(),
        isDead: false,
        isHurt: false,
        isLate: false,
        isTouched: false,
        outcome: null,
      };
      actors.push(actor);
      trace.push(`${actor.name} begins`);
      void run(kind, servicesOf(actor, options)).then((outcome) => {
        actor.outcome = outcome;
        trace.push(`${actor.name} → ${outcome.code}`);
      });
      await settle();
      return actor;
    },
  };
}

function gateOf(actor: Actor): Gate {
  return <T>(port: Pending['port'], method: string, apply: () => Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      if (actor.isDead) return;
      actor.pending.push({
        actor,
        port,
        method,
        apply,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
    });
}

/** The ports of the fakes, each call behind the gate. */
function gatedPorts(
  { records, images, sweepProgress }: MemoryStore,
  { cache, lock }: MemoryCache,
  gate: Gate,
) {
  return {
    records: {
      read: (pageId) => gate('bucket', 'read', () => records.read(pageId)),
      readUpTo: (pageId, maxBytes) => gate('bucket', 'read', () => records.readUpTo(pageId, maxBytes)),
      write: (pageId, record, condition) =>
        gate('bucket', 'write', () => records.write(pageId, record, condition)),
      verify: () => gate('bucket', 'verify', () => records.verify()),
    },
    images: {
      put: (name, bytes, type, signal) => gate('bucket', 'put', () => images.put(name, bytes, type, signal)),
      remove: (names) => gate('bucket', 'remove', () => images.remove(names)),
      async *list(prefix, after) {
        yield* await gate('bucket', 'list', () => allOf(images.list(prefix, after)));
      },
      link: (name) => images.link(name),
    },
    sweepProgress: {
      read: () => gate('bucket', 'readProgress', () => sweepProgress.read()),
      write: (position) => gate('bucket', 'writeProgress', () => sweepProgress.write(position)),
    },
    cache: {
      read: (pageId) => gate('redis', 'read', () => cache.read(pageId)),
      fill: (pageId, record) => gate('redis', 'fill', () => cache.fill(pageId, record)),
      markBusy: (pageId, token, ttlMs) =>
        gate('redis', 'markBusy', () => cache.markBusy(pageId, token, ttlMs)),
      settle: (pageId, token, record) => gate('redis', 'settle', () => cache.settle(pageId, token, record)),
    },
    lock: {
      take: (pageId, token, ttlMs) => gate('redis', 'take', () => lock.take(pageId, token, ttlMs)),
      release: (pageId, token) => gate('redis', 'release', () => lock.release(pageId, token)),
      isHeld: (pageId) => gate('redis', 'isHeld', () => lock.isHeld(pageId)),
    },
  } satisfies Partial<StageServices>;
}

async function allOf(objects: AsyncIterable<StoredObject>): Promise<readonly StoredObject[]> {
  const all: StoredObject[] = [];
  for await (const object of objects) all.push(object);
  return all;
}

async function run(kind: Kind, services: StageServices): Promise<Outcome> {
  const deadline = services.clock.elapsed() + CALL_MS;
  const namesIn = (record: Pick<PageRecord, 'items'>) => record.items.map((item) => item.name);
  try {
    if (kind === 'sweep') {
      const { failed } = await sweep(services, deadline);
      return { code: failed > 0 ? 'STORAGE_UNAVAILABLE' : 'OK', names: [] };
    }
    if (kind === 'get') {
      const { items } = await lookUp(services, PAGE, {});
      return { code: 'OK', names: items.map((item) => item.name) };
    }
    const mode = kind === 'post' ? 'create' : 'update';
    const request = { mode, url: new URL(PAGE), isDryRun: false } as const;
    const { record } = await harvest(services, request, { deadline, measures: {} });
    return { code: 'OK', names: namesIn(record) };
  } catch (error) {
    return { code: error instanceof Problem ? error.code : 'BUG', names: [], error };
  }
}
