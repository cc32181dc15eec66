/** Strikes an operation at every point of it, one after the other, in several worlds at a time. */
import { type Child, startChildren } from './children.ts';
import type { MutantName } from './mutants.ts';
import type { Operation } from './operations.ts';
import { type Kill, killAt, NEVER_REACHED, type Pause, pauseAt, type Stage, trace } from './runs.ts';
import { type Saved, startWorld, type World } from './world.ts';

/** Processor cores are few, but each run waits now and then. */
const LANES = 3;
const ATTEMPTS_MAX = 8;

export interface Found {
  /** External calls of the operation, in alphabetical order. */
  readonly calls: readonly string[];
  /** Points at these calls, and those of them that were struck. */
  readonly points: number;
  readonly runs: number;
  /** A line for everything that did not hold. */
  readonly faults: readonly string[];
  /** How often the paused operation answered what. */
  readonly results: Readonly<Record<string, number>>;
}

interface Range {
  readonly hasRedis: boolean;
  /** Of the calls that are made; all of them when absent. */
  readonly only?: (call: string) => boolean;
  /** Of the points at these calls; all of them when absent. */
  readonly takes?: (call: string) => boolean;
  readonly mutant?: MutantName;
}

export interface KillRange {
  kills(operation: Operation, kinds: readonly Kill[], range: Range): Promise<Found>;
  /** On both sides of every call, with each of the pauses. */
  pauses(operation: Operation, pauses: readonly Pause[], range: Range): Promise<Found>;
  close(): Promise<void>;
}

interface Lane {
  readonly worlds: Map<boolean, World>;
  /** Lives through pauses. */
  patient: Child | null;
}

type Strike = (stage: Omit<Stage, 'child'>, lane: Lane) => Promise<readonly string[]>;

interface Shot {
  readonly call: string;
  /** How it is told of in a fault. */
  readonly name: string;
  readonly strike: Strike;
}

/** What it brings along (processes, ports, folders) is gone after `close`. */
export async function openKillRange(): Promise<KillRange> {
  const children = await startChildren(LANES);
  const lanes: readonly Lane[] = Array.from({ length: LANES }, () => ({ worlds: new Map(), patient: null }));

  const enter = async (lane: Lane, hasRedis: boolean): Promise<World> => {
    const world = lane.worlds.get(hasRedis) ?? (await startWorld(hasRedis));
    lane.worlds.set(hasRedis, world);
    return world;
  };
  const patientOf = async (lane: Lane): Promise<Child> => {
    lane.patient ??= await children.take();
    return lane.patient;
  };
  const prepare = async (world: World, operation: Operation): Promise<Saved> => {
    await world.empty();
    await operation.prepare(world);
    return world.save();
  };
  const callsOf = async (operation: Operation, hasRedis: boolean): Promise<readonly string[]> => {
    const lane = lanes[0] as Lane;
    const world = await enter(lane, hasRedis);
    const baseline = await prepare(world, operation);
    const calls = await trace({
      world,
      child: await patientOf(lane),
      operation,
      baseline,
      mutant: undefined,
    });
    // Which of those that overlap comes first is a matter of chance.
    return calls.toSorted();
  };

  /** Every shot goes to the next lane that is free. */
  const shoot = async (
    operation: Operation,
    { hasRedis, mutant, takes = () => true }: Range,
    shots: readonly Shot[],
  ) => {
    const todo = shots.filter(({ call }) => takes(call));
    const figures = { points: shots.length, runs: todo.length };
    const faults: string[] = [];
    const ends = await Promise.allSettled(
      lanes.map(async (lane) => {
        const world = await enter(lane, hasRedis);
        const baseline = await prepare(world, operation);
        for (let shot = todo.shift(); shot !== undefined; shot = todo.shift()) {
          const wrong = await insist(() => shot.strike({ world, operation, baseline, mutant }, lane));
          const where = `${operation.name}, ${hasRedis ? 'Redis' : 'no Redis'}, ${shot.name} ${shot.call}`;
          faults.push(...wrong.map((fault) => `${where}: ${fault}`));
        }
      }),
    );
    // Only now: no lane is at work any more.
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return { ...figures, faults };
  };

  return {
    async kills(operation, kinds, range) {
      const calls = (await callsOf(operation, range.hasRedis)).filter(range.only ?? (() => true));
      const shots = calls.flatMap((call) =>
        kinds
          // What only reads the web has nothing that could come late.
          .filter((kind) => kind !== 'late' || !call.startsWith('web '))
          .map((kind): Shot => {
            const strike: Strike = async (stage) =>
              killAt({ ...stage, child: await children.take() }, call, kind);
            return { call, name: `killed ${kind}`, strike };
          }),
      );
      return { calls, ...(await shoot(operation, range, shots)), results: {} };
    },

    async pauses(operation, pauses, range) {
      const responses: Record<string, number> = {};
      const calls = (await callsOf(operation, range.hasRedis)).filter(range.only ?? (() => true));
      const shots = calls.flatMap((call) =>
        pauses.flatMap((pause) =>
          (['before', 'after'] as const).map((moment): Shot => {
            const strike: Strike = async (stage, lane) => {
              const child = await patientOf(lane);
              const { faults, outcome } = await pauseAt({ ...stage, child }, { call, moment }, pause);
              const response = outcome === null ? 'none' : `${outcome.status} ${outcome.code}`;
              responses[response] = (responses[response] ?? 0) + 1;
              return faults;
            };
            return { call, name: `${pause.by.join(' and ')} while paused ${moment}`, strike };
          }),
        ),
      );
      return { calls, ...(await shoot(operation, range, shots)), results: responses };
    },

    async close() {
      await children.close();
      const worlds = lanes.flatMap((lane) => [...lane.worlds.values()]);
      await Promise.all(worlds.map((world) => world.close()));
    },
  };
}

/** A call that the operation does not wait for may come too late for its end: then once more. */
async function insist(strike: () => Promise<readonly string[]>): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const faults = await strike();
    if (!faults.includes(NEVER_REACHED) || attempt === ATTEMPTS_MAX) return faults;
  }
}
