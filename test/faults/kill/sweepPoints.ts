/** Every point of an operation, one after the other, on several worlds at a time. */
import { type Child, type Children, startChildren } from './children.ts';
import type { Moment } from './gate.ts';
import type { MutantName } from './mutants.ts';
import type { Operation } from './operations.ts';
import { type Kill, killAt, type Others, pauseAt, trace } from './runs.ts';
import { type Saved, startWorld, type World } from './world.ts';

/** Processor cores are few, and each run waits now and then. */
const LANES = 3;

export interface Found {
  /** External calls of the operation. */
  readonly calls: readonly string[];
  readonly runs: number;
  /** A line for everything that did not hold. */
  readonly faults: readonly string[];
  /** How often the paused operation answered what. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface SweepOptions {
  readonly hasRedis: boolean;
  /** Of the calls that are made. */
  readonly only?: (call: string) => boolean;
  readonly mutant?: MutantName;
}

export interface KillRange extends AsyncDisposable {
  kills(operation: Operation, kinds: readonly Kill[], options: SweepOptions): Promise<Found>;
  pauses(operation: Operation, others: readonly Others[], options: SweepOptions): Promise<Found>;
}

interface Lane {
  readonly worlds: Map<boolean, World>;
  /** Lives through pauses. */
  patient: Child | null;
}

export async function openKillRange(): Promise<KillRange> {
  const children: Children = await startChildren(LANES);
  const lanes: Lane[] = Array.from({ length: LANES }, () => ({ worlds: new Map(), patient: null }));

  const enter = async (lane: Lane, hasRedis: boolean): Promise<World> => {
    const world = lane.worlds.get(hasRedis) ?? (await startWorld(hasRedis));
    lane.worlds.set(hasRedis, world);
    return world;
  };
  const prepare = async (world: World, operation: Operation): Promise<Saved> => {
    await world.empty();
    await operation.prepare(world);
    return world.save();
  };
  const patientOf = async (lane: Lane): Promise<Child> => {
    lane.patient ??= await children.take();
    return lane.patient;
  };

  /** Gives every point to the next lane that is free. */
  const sweepOver = async <T>(
    operation: Operation,
    { hasRedis, only = () => true }: SweepOptions,
    variantsOf: (call: string) => readonly T[],
    strike: (
      lane: Lane,
      world: World,
      baseline: Saved,
      call: string,
      variant: T,
    ) => Promise<readonly string[]>,
  ) => {
    const [first = fail()] = lanes;
    const world = await enter(first, hasRedis);
    const calls = await trace(world, await patientOf(first), operation, await prepare(world, operation));
    const todo = calls
      .filter(only)
      .flatMap((call) => variantsOf(call).map((variant) => [call, variant] as const));
    const faults: string[] = [];
    const runs = todo.length;
    await Promise.all(
      lanes.map(async (lane) => {
        const its = await enter(lane, hasRedis);
        const baseline = await prepare(its, operation);
        for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
          const [call, variant] = next;
          const wrong = await strike(lane, its, baseline, call, variant);
          const where = `${operation.name}, ${hasRedis ? 'with' : 'without'} Redis, ${call}, ${String(variant)}`;
          faults.push(...wrong.map((fault) => `${where}: ${fault}`));
        }
      }),
    );
    return { calls, runs, faults };
  };

  return {
    async kills(operation, kinds, options) {
      // What only reads has nothing that could be late.
      const variantsOf = (call: string) =>
        kinds.filter((kind) => kind !== 'late' || !call.startsWith('web '));
      const found = await sweepOver<Kill>(
        operation,
        options,
        variantsOf,
        async (_, world, baseline, call, kind) =>
          killAt(world, await children.take(), operation, baseline, call, kind, options.mutant),
      );
      return { ...found, answers: {} };
    },
    async pauses(operation, others, options) {
      const answers: Record<string, number> = {};
      const moments: readonly Moment[] = ['before', 'after'];
      const variants = moments.flatMap((moment) =>
        others.map((by) => ({ moment, by, toString: () => `${moment} × ${by.join('+')}` })),
      );
      const found = await sweepOver(
        operation,
        options,
        () => variants,
        async (lane, world, baseline, call, { moment, by }) => {
          const child = await patientOf(lane);
          const point = { call, moment };
          const { faults, outcome } = await pauseAt(
            world,
            child,
            operation,
            baseline,
            point,
            by,
            options.mutant,
          );
          const answer = outcome === null ? 'none' : `${outcome.status} ${outcome.code}`;
          answers[answer] = (answers[answer] ?? 0) + 1;
          return faults;
        },
      );
      return { ...found, answers };
    },
    async [Symbol.asyncDispose]() {
      await children.close();
      await Promise.all(lanes.flatMap(({ worlds }) => [...worlds.values()].map((world) => world.close())));
    },
  };
}

function fail(): never {
  throw new Error('there is no lane');
}
