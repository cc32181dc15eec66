/** One kill, one pause: brings a world to where an operation begins, strikes at one point, and looks at what is left. */

import { checkReaders, checkSweep, checkWriters } from './checks.ts';
import type { ChildAnswer } from './child.ts';
import type { Child } from './children.ts';
import type { Hit, Point } from './gate.ts';
import type { MutantName } from './mutants.ts';
import { type Operation, PAGE, SITES } from './operations.ts';
import type { OperationName, Outcome, Service } from './service.ts';
import type { Saved, World } from './world.ts';

/** `late`: the request reaches its server only after the next writer is done. */
export type Kill = 'before' | 'after' | 'late';

/** What others do while the child stands still, one after the other. */
export type Others = readonly OperationName[];

/** The operation has begun in the child; `meanwhile` is seen to. */
function begin(world: World, child: Child, operation: Operation, mutant: MutantName | undefined) {
  world.origin.show(SITES[operation.site]);
  const { meanwhile } = operation;
  if (meanwhile !== undefined) {
    void world.gate.hold(meanwhile).then(async (hit) => {
      await others(world, ['put']);
      hit.release('go');
    });
  }
  return child.order({ ...world.order({ mutant }), operation: operation.run, url: world.url(PAGE) });
}

/** The calls that the operation makes when nothing happens to it. */
export async function trace(
  world: World,
  child: Child,
  operation: Operation,
  baseline: Saved,
): Promise<readonly string[]> {
  await world.restore(baseline);
  world.gate.forget();
  const answer = await begin(world, child, operation, undefined);
  await world.settled();
  if (answer.kind !== 'done') throw new Error(`${operation.name}: ${JSON.stringify(answer)}`);
  return world.gate.calls();
}

/** @returns a line for everything that is wrong afterwards */
export async function killAt(
  world: World,
  child: Child,
  operation: Operation,
  baseline: Saved,
  call: string,
  kill: Kill,
  mutant?: MutantName,
): Promise<readonly string[]> {
  await world.restore(baseline);
  world.gate.forget();
  const reached = world.gate.hold({ call, moment: kill === 'after' ? 'after' : 'before' });
  const answer = begin(world, child, operation, mutant).catch(() => null);
  const hit = await firstOf(reached, answer);
  await child.kill();
  if (hit === null) return ['the point was never reached'];

  const service = world.service({ mutant });
  try {
    if (kill === 'late') {
      await world.settled();
      const { faults } = await others(world, ['put']);
      hit.release('go');
      await world.settled();
      return [...faults, ...(await lookSweepWrite(world, service))];
    }
    hit.release('drop');
    await world.settled();
    const saved = await world.save();
    const faults = await lookWriteSweep(world, service);
    await world.restore(saved);
    const again = world.service({ mutant });
    try {
      return [...faults, ...(await lookSweepWrite(world, again))];
    } finally {
      await again.close();
    }
  } finally {
    await service.close();
  }
}

/** @returns what the child answered, and a line for everything that is wrong afterwards */
export async function pauseAt(
  world: World,
  child: Child,
  operation: Operation,
  baseline: Saved,
  point: Point,
  by: Others,
  mutant?: MutantName,
): Promise<{ readonly faults: readonly string[]; readonly outcome: Outcome | null }> {
  await world.restore(baseline);
  world.gate.forget();
  const reached = world.gate.hold(point);
  const answering = begin(world, child, operation, mutant);
  const hit = await firstOf(reached, answering);
  if (hit === null) return { faults: ['the point was never reached'], outcome: null };

  child.signal('SIGSTOP');
  const meanwhile = await others(world, by, mutant);
  child.signal('SIGCONT');
  hit.release('go');
  const answer = await answering;
  await world.settled();
  if (answer.kind !== 'done')
    return { faults: [`the child failed: ${JSON.stringify(answer)}`], outcome: null };

  const { outcome } = answer;
  const faults = [...meanwhile.faults, ...(await checkOrder(world, operation, outcome, meanwhile))];
  const service = world.service({ mutant });
  try {
    return { faults: [...faults, ...(await lookSweepWrite(world, service))], outcome };
  } finally {
    await service.close();
  }
}

interface Meanwhile {
  readonly faults: string[];
  /** Of the records that they left, fences included. */
  readonly opIds: string[];
  /** How many POSTs answered 201. */
  readonly created: number;
}

/** Others work on the page once its lock has ended: a PUT or a POST finds another version of the page. */
async function others(world: World, by: Others, mutant?: MutantName): Promise<Meanwhile> {
  const faults: string[] = [];
  const opIds: string[] = [];
  let created = 0;
  const service = world.service({ mutant });
  await world.expire(PAGE);
  world.origin.showOthers(SITES.other);
  try {
    for (const name of by) {
      // A reader fills the cache wherever nobody seems to be at work.
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

/** Nobody overwrote anybody, and nobody said that something was done which was not. */
async function checkOrder(
  world: World,
  operation: Operation,
  outcome: Outcome,
  { opIds, created }: Meanwhile,
): Promise<string[]> {
  const faults: string[] = [];
  const allowed =
    operation.site === 'gone' ? ['PAGE_UNREACHABLE'] : ['OK', 'URL_IN_PROGRESS', 'URL_ALREADY_PROCESSED'];
  if (!allowed.includes(outcome.code)) faults.push(`it answers ${outcome.code}`);
  const final = (await world.record(PAGE))?.record;
  const line = final === undefined ? [] : [final.opId, ...final.predecessors];
  const own = world.committed(PAGE).map(({ opId }) => opId);
  const lost = [...opIds, ...own].filter((opId) => !line.includes(opId));
  if (lost.length > 0) faults.push(`${lost.length} of the records that were written were overwritten`);
  if (operation.run === 'sweep') return faults;
  if (outcome.code !== 'OK' && own.length > 0) faults.push(`it answers ${outcome.code}, but has committed`);
  if (outcome.status === 201 && own.length === 0) faults.push('it answers 201, but nothing was committed');
  if (operation.run === 'post' && outcome.status === 201 && created > 0) faults.push('two POSTs answer 201');
  return faults;
}

async function lookWriteSweep(world: World, service: Service): Promise<string[]> {
  return [
    ...(await checkReaders(world, service)),
    ...(await checkWriters(world, service)),
    ...(await checkReaders(world, service)),
    ...(await checkSweep(world, service)),
    ...(await checkReaders(world, service)),
  ];
}

async function lookSweepWrite(world: World, service: Service): Promise<string[]> {
  return [
    ...(await checkReaders(world, service)),
    ...(await checkSweep(world, service)),
    ...(await checkReaders(world, service)),
    ...(await checkWriters(world, service)),
    ...(await checkReaders(world, service)),
  ];
}

/** The hit, or null when the child was done before. */
async function firstOf(reached: Promise<Hit>, answer: Promise<ChildAnswer | null>): Promise<Hit | null> {
  return Promise.race([reached, answer.then(() => null)]);
}
