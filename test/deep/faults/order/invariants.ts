/** What must hold after every single step of every run, and at its end. */
import { createHash } from 'node:crypto';
import type { PageRecord, StoredRecord } from '../../../../lib/domain/model.ts';
import { type Actor, LOCK_MS, type Stage } from './stage.ts';

export class Violation extends Error {}

export interface Watch {
  /** How many records the page has had. */
  count(): number;
  /** Looks at the whole store; to be asked after every step. */
  look(): void;
  /** Redis was not what it was: until a cached entry's time is over, readers may be told an old list. */
  allowStale(): void;
  /** And from now on no longer. */
  forbidStale(): void;
  /** Time went by at one stroke. */
  jumped(ms: number): void;
  /** Objects that no record names. */
  orphans(): readonly string[];
  current(): StoredRecord | undefined;
  /** The names in the current record. */
  names(): readonly string[];
}

/**
 * @param stage asked late, since stage and watch need each other
 * @param strict also that every record was built on the one before it; without, only what a caller would notice
 */
export function createWatch(stage: () => Stage, { strict }: { readonly strict: boolean }): Watch {
  const versions: (StoredRecord | undefined)[] = [undefined];
  const hashes = new WeakMap<Buffer, string>();
  const firstBytes = new Map<string, string>();
  const judged = new Set<Actor>();
  let mayBeStale = false;
  let created = 0;

  const current = () => stage().store.kept.get(stage().pageId);
  const fail = (what: string): never => {
    throw new Violation(`${what}\n  ${stage().trace.join('\n  ')}`);
  };
  const hashOf = (bytes: Buffer): string => {
    const hash = hashes.get(bytes) ?? createHash('sha256').update(bytes).digest('hex');
    hashes.set(bytes, hash);
    return hash;
  };

  const lookAtObjects = (record: StoredRecord | undefined) => {
    for (const { name, sha256 } of itemsOf(record)) {
      const object = stage().store.objects.get(name);
      if (object === undefined) return fail(`the record names ${short(name)}, which is not there`);
      if (hashOf(object.bytes) !== sha256) return fail(`${short(name)} has other bytes than the record says`);
    }
    for (const [name, { bytes }] of stage().store.objects) {
      const hash = hashOf(bytes);
      if ((firstBytes.get(name) ?? hash) !== hash) return fail(`${short(name)} was overwritten`);
      firstBytes.set(name, hash);
    }
  };

  const lookAtRecord = (record: StoredRecord | undefined) => {
    const before = versions.at(-1);
    if (record === undefined) return before && fail('the record is gone');
    if (record.opId === before?.opId) return;
    if (strict && record.predecessors[0] !== before?.opId)
      fail('a record replaced one that it was not built on');
    versions.push(record);
  };

  /** What a reader would be told by the cache at this moment. */
  const lookAtCache = () => {
    const entry = stage().cache.entries.get(stage().pageId);
    if (entry?.value.kind !== 'record' || entry.endsAt <= stage().elapsed()) return;
    const told = listOf(entry.value.record);
    if (told === listOf(current())) return;
    if (!mayBeStale) fail('the cache has an old list, and nothing had befallen Redis');
    if (!versions.some((version) => listOf(version) === told)) fail('the cache has a list that never was');
  };

  const judge = (actor: Actor) => {
    const { code, names, error } = actor.outcome ?? { code: '', names: [] };
    if (code === 'BUG') fail(`${actor.name} met a bug: ${error instanceof Error ? error.stack : error}`);
    if (actor.kind === 'get') return judgeReader(actor, code, names);
    if (actor.kind === 'sweep') return;
    const [opId = ''] = actor.ids;
    if (code === 'OK') {
      // What changed nothing may have been answered without a commit: then the list is one that was current.
      const isSaid = versions.slice(actor.startedAt - 1).some((version) => listOf(version) === names.join());
      if (!isSaid) fail(`${actor.name} answered with a list that was never durable`);
      if (actor.kind === 'post') created += 1;
      if (actor.kind === 'post' && !isInHistory(opId)) fail(`${actor.name} answered 201 before its commit`);
      if (created > 1) fail('two calls answered 201');
      return;
    }
    const isExpected =
      code === 'URL_ALREADY_PROCESSED' ||
      code === 'URL_IN_PROGRESS' ||
      code === 'STORAGE_UNAVAILABLE' ||
      (code === 'PAGE_TIMEOUT' && actor.isLate);
    if (!isExpected) fail(`${actor.name} answered ${code}`);
    if (code === 'URL_ALREADY_PROCESSED' && !versions.some((version) => version?.kind === 'page'))
      fail(`${actor.name} answered that the page was harvested, and it never was`);
  };

  const judgeReader = (actor: Actor, code: string, names: readonly string[]) => {
    // One that was current at some moment while the reader was at work.
    const fresh = versions.slice(actor.startedAt - 1);
    const told = names.join();
    if (code === 'OK') {
      if (fresh.some((version) => version?.kind === 'page' && listOf(version) === told)) return;
      if (!versions.some((version) => listOf(version) === told)) fail(`${actor.name} was told a mix`);
      if (!mayBeStale) fail(`${actor.name} was told an old list`);
      return;
    }
    if (code === 'PAGE_NOT_FOUND' && !fresh.some((version) => version?.kind !== 'page'))
      fail(`${actor.name} was told that the page is not there`);
    if (code === 'STORAGE_UNAVAILABLE' ? !actor.isHurt : code !== 'PAGE_NOT_FOUND')
      fail(`${actor.name} was told ${code}`);
  };

  const isInHistory = (opId: string) => {
    const record = current();
    return record?.opId === opId || record?.predecessors.includes(opId) === true;
  };

  return {
    count: () => versions.length,
    current,
    names: () => itemsOf(current()).map(({ name }) => name),
    look: () => {
      const record = current();
      lookAtRecord(record);
      lookAtObjects(record);
      lookAtCache();
      for (const actor of stage().actors) {
        if (actor.outcome === null || judged.has(actor)) continue;
        judged.add(actor);
        judge(actor);
      }
      // An answer of success is never undone, and a call that said it had lost never wins.
      for (const { kind, ids, outcome } of judged) {
        if (kind === 'get' || kind === 'sweep' || outcome === null) continue;
        const [opId = ''] = ids;
        const isPresent = isInHistory(opId);
        const hasBeen = versions.some((version) => version?.opId === opId);
        if (outcome.code === 'OK' && hasBeen && !isPresent) fail('what was answered as kept has been undone');
        if (outcome.code.startsWith('URL_') && hasBeen) fail('a call that answered 409 is in the record');
        if (outcome.code === 'PAGE_TIMEOUT' && hasBeen) fail('a call that answered 504 is in the record');
      }
    },
    allowStale: () => {
      mayBeStale = true;
    },
    forbidStale: () => {
      mayBeStale = false;
    },
    jumped: (ms) => {
      const isAtWork = stage().actors.some(({ outcome, isDead }) => outcome === null && !isDead);
      if (ms >= LOCK_MS && isAtWork) mayBeStale = true;
    },
    orphans: () => {
      const named = new Set(itemsOf(current()).map(({ name }) => name));
      return [...stage().store.objects.keys()].filter((name) => !named.has(name));
    },
  };
}

function itemsOf(record: StoredRecord | undefined): PageRecord['items'] {
  return record?.kind === 'page' ? record.items : [];
}

function listOf(record: StoredRecord | undefined): string {
  return itemsOf(record)
    .map(({ name }) => name)
    .join();
}

/** For a person: whose image it is, and which. */
function short(name: string): string {
  const [, , , opId = '', fileName] = name.split('/');
  return `${fileName} of ${opId.replace(/^op0*/, 'operation ')}`;
}
