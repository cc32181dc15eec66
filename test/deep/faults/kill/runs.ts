/** One kill or pause: prepares a world for an operation, strikes at one point, and checks what is left. */

import { checkReaders, checkSweep, checkWriters } from './checks.ts';
import type { ChildAnswer } from './child.ts';
import type { Child } from './children.ts';
import type { Hit, Point } from './gate.ts';
import type { MutantName } from './mutants.ts';
import { type Operation, PAGE, SITES, type SiteName } from './operations.ts';
import type { OperationName, Outcome, Service, ServiceOrder } from './service.ts';
import type { Saved, World } from './world.ts';

/** `late`: the request reaches its server only after the next writer is done. */
export type Kill = 'before' | 'after' | 'late';

/** Operations of others, one after the other, while the child is stopped. */
export type Others = readonly OperationName[];

export interface Pause {
  readonly by: Others;
  /** The child's lock. `ended`: the test ends it early; `ends`: the test waits for its end; `held`: it lasts. */
  readonly lock?: 'ended' | 'ends' | 'held';
  /** Time of the child's call. */
  readonly timeMs?: number;
  /** Codes that the child may return. */
  readonly codes?: readonly string[];
  /** How far the clock of a sweep is ahead of the store's. */
  readonly sweepAheadMs?: number;
  /** Change of the child's wall clock while it waits. */
  readonly setClockMs?: number;
}

export interface Paused {
  readonly faults: readonly string[];
  readonly outcome: Outcome | null;
}

export interface Stage {
  readonly world: World;
  readonly child: Child;
  readonly operation: Operation;
  /** The world as the operation finds it. */
  readonly baseline: Saved;
  readonly mutant: MutantName | undefined;
}

export const NEVER_REACHED = 'the point was never reached';

const WRITER_CODES = ['OK', 'URL_IN_PROGRESS', 'URL_ALREADY_PROCESSED'];
/** Codes that an operation may return after another one came between, by the site that it met. */
const CODES: Readonly<Record<SiteName, readonly string[]>> = {
  old: WRITER_CODES,
  new: WRITER_CODES,
  other: WRITER_CODES,
  gone: ['PAGE_UNREACHABLE'],
};

interface Begun {
  readonly response: Promise<ChildAnswer>;
  /** Resolves when the writer of `meanwhile` is done, if it has begun. */
  beside(): Promise<void>;
}

/** Begins the operation in the child, and the writer of `meanwhile`. */
function begin(world: World, child: Child, operation: Operation, parts: Partial<ServiceOrder>): Begun {
  world.origin.show(SITES[operation.site]);
  let beside: Promise<void> = Promise.resolve();
  const work = async (hit: Hit) => {
    await world.expire(PAGE);
    await others(world, ['put'], {});
    hit.release('go');
  };
  if (operation.meanwhile !== undefined) {
    void world.gate.hold(operation.meanwhile).then((hit) => {
      beside = work(hit);
    });
  }
  if (operation.order !== undefined) {
    const holds = operation.order.map((point) => world.gate.hold(point));
    void Promise.all(holds).then((hits) => {
      for (const hit of hits) hit.release('go');
    });
  }
  const order = { ...world.order(parts), operation: operation.run, url: world.url(PAGE) };
  return { response: child.order(order), beside: () => beside };
}

/** The calls of the undisturbed operation. */
export async function trace({ world, child, operation, baseline }: Stage): Promise<readonly string[]> {
  await world.restore(baseline);
  world.gate.forget();
  const response = await begin(world, child, operation, {}).response;
  await world.settled();
  if (response.kind !== 'done') throw new Error(`${operation.name}: ${JSON.stringify(response)}`);
  return world.gate.calls();
}

/** @returns a line for each violation afterwards */
export async function killAt(
  { world, child, operation, baseline, mutant }: Stage,
  call: string,
  kill: Kill,
): Promise<readonly string[]> {
  await world.restore(baseline);
  world.gate.forget();
  const reached = world.gate.hold({ call, moment: kill === 'after' ? 'after' : 'before' });
  const { response, beside } = begin(world, child, operation, { mutant });
  const hit = await firstOf(
    reached,
    response.catch(() => null),
  );
  await child.kill();
  await world.settled();
  await beside();
  if (hit === null) return [NEVER_REACHED];
  if (kill === 'late') {
    await world.expire(PAGE);
    const { faults } = await others(world, ['put'], { mutant });
    hit.release('go');
    await world.settled();
    return [...faults, ...(await lookSweepWrite(world, mutant))];
  }
  hit.release('drop');
  await world.settled();
  const saved = await world.save();
  const faults = await lookWriteSweep(world, mutant);
  await world.restore(saved);
  return [...faults, ...(await sweepWrite(world, mutant))];
}

/** @returns the code of the child, and a line for each violation afterwards */
export async function pauseAt(
  { world, child, operation, baseline, mutant }: Stage,
  point: Point,
  pause: Pause,
): Promise<Paused> {
  const { timeMs, lock = 'ended', codes = CODES[operation.site] } = pause;
  await world.restore(baseline);
  world.gate.forget();
  const reached = world.gate.hold(point);
  const parts = { mutant, ...(timeMs !== undefined && { timeMs }) };
  const { response: answering, beside } = begin(world, child, operation, parts);
  const hit = await firstOf(reached, answering);
  if (hit === null) return { faults: [NEVER_REACHED], outcome: null };

  await child.stop();
  await beside();
  if (lock === 'ended') await world.expire(PAGE);
  if (lock === 'ends') await world.outlast(PAGE);
  const { sweepAheadMs } = pause;
  const meanwhile = await others(world, pause.by, { mutant, sweepAheadMs });
  child.goOn();
  if (pause.setClockMs !== undefined) await child.setClock(pause.setClockMs);
  hit.release('go');
  const response = await answering;
  await beside();
  if (pause.setClockMs !== undefined) await child.setClock(-pause.setClockMs);
  await world.settled();
  if (response.kind !== 'done') return { faults: [`the child: ${JSON.stringify(response)}`], outcome: null };

  const { outcome } = response;
  const faults = [...meanwhile.faults, ...(await checkOrder(world, operation, outcome, meanwhile))];
  if (!codes.includes(outcome.code)) faults.push(`it answers ${outcome.code}`);
  return { faults: [...faults, ...(await lookSweepWrite(world, mutant))], outcome };
}

interface Meanwhile {
  readonly faults: string[];
  /** Ids of the records that they wrote, including fences. */
  readonly opIds: string[];
  /** Number of POSTs with 201. */
  readonly created: number;
}

/** Lets others work on the page. Their PUTs and POSTs find another version of it. */
async function others(world: World, by: Others, order: Partial<ServiceOrder>): Promise<Meanwhile> {
  const before = turns.get(world);
  const turn = Promise.withResolvers<void>();
  turns.set(world, turn.promise);
  await before;
  return work(world, by, order).finally(turn.resolve);
}

/** Queues the other writers of a world, whose effect on each other is not tested here. */
const turns = new WeakMap<World, Promise<void>>();

async function work(world: World, by: Others, order: Partial<ServiceOrder>): Promise<Meanwhile> {
  const faults: string[] = [];
  const opIds: string[] = [];
  let created = 0;
  const service = world.service(order);
  world.origin.showOthers(SITES.other);
  try {
    for (const name of by) {
      // A reader fills the cache if no writer has a busy marker.
      await service.get(world.url(PAGE));
      const { status, code } = await service.run(name, world.url(PAGE));
      const allowed = name === 'post' ? ['OK', 'URL_ALREADY_PROCESSED'] : ['OK'];
      if (!allowed.includes(code)) faults.push(`${name} beside it is ${code}`);
      if (name === 'post' && status === 201) created += 1;
      const record = (await world.record(PAGE))?.record;
      if (record !== undefined) opIds.push(record.opId);
    }
  } finally {
    await service.close();
  }
  return { faults, opIds, created };
}

/** Checks that no writer has overwritten another one, and that every reported success was committed. */
async function checkOrder(
  world: World,
  operation: Operation,
  outcome: Outcome,
  { opIds, created }: Meanwhile,
): Promise<string[]> {
  const faults: string[] = [];
  const final = (await world.record(PAGE))?.record;
  const line = final === undefined ? [] : [final.opId, ...final.predecessors];
  const own = world.committed(PAGE).map(({ opId }) => opId);
  const lost = [...opIds, ...own].filter((opId) => !line.includes(opId));
  if (lost.length > 0) faults.push(`${lost.length} of the records that were written were overwritten`);
  if (operation.run === 'sweep') return faults;
  const { status, code } = outcome;
  // Out of time, it does not claim to know the outcome.
  const saysNo = code !== 'OK' && code !== 'STORAGE_UNAVAILABLE';
  if (saysNo && own.length > 0) faults.push(`it answers ${code}, but has committed`);
  const saysDone = status === 201 || (status === 200 && operation.site === 'new');
  if (saysDone && own.length === 0) faults.push(`it answers ${status}, but nothing was committed`);
  if (operation.run === 'post' && status === 201 && created > 0) faults.push('two POSTs answer 201');
  return faults;
}

async function lookWriteSweep(world: World, mutant: MutantName | undefined): Promise<string[]> {
  return checkBy(world, mutant, checkReaders, checkWriters, checkSweep);
}

async function sweepWrite(world: World, mutant: MutantName | undefined): Promise<string[]> {
  return checkBy(world, mutant, checkSweep, checkWriters);
}

async function lookSweepWrite(world: World, mutant: MutantName | undefined): Promise<string[]> {
  return checkBy(world, mutant, checkReaders, checkSweep, checkWriters);
}

/** Checks that each record was built on the previous one. */
async function checkBy(
  world: World,
  mutant: MutantName | undefined,
  ...checks: readonly ((world: World, service: Service) => Promise<string[]>)[]
): Promise<string[]> {
  const service = world.service({ mutant });
  try {
    const faults: string[] = [];
    for (const check of checks) faults.push(...(await check(world, service)));
    return faults;
  } finally {
    await service.close();
  }
}

/** The hit; null when the child ended first. */
async function firstOf(reached: Promise<Hit>, response: Promise<ChildAnswer | null>): Promise<Hit | null> {
  return Promise.race([reached, response.then(() => null)]);
}
