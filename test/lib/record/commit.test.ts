import { describe, expect, it } from '@jest/globals';
import type { StoredRecord, VersionedRecord } from '../../../lib/model.ts';
import type { RecordStore, WriteCondition } from '../../../lib/ports.ts';
import { Problem } from '../../../lib/problem.ts';
import { commitRecord } from '../../../lib/record/commit.ts';

const fence = (opId: string, ...predecessors: string[]): StoredRecord => ({
  schema: 1,
  kind: 'fence',
  opId,
  predecessors,
});
const mine = fence('mine');
const old: VersionedRecord = { record: fence('old'), etag: '"old"' };
const down = () => new Problem('STORAGE_UNAVAILABLE', { detail: 'down' });
const unclear = { kind: 'unclear', cause: null } as const;

/** Plays one scripted answer per call; a Problem is thrown. */
function script(
  writes: readonly (Awaited<ReturnType<RecordStore['write']>> | Problem)[],
  reads: readonly (VersionedRecord | null | Problem)[] = [],
) {
  const conditions: WriteCondition[] = [];
  const next = <T>(list: T[]): Exclude<T, Problem> => {
    const value = list.shift();
    if (value === undefined || value instanceof Problem) throw value ?? new Error('the script ended');
    return value as Exclude<T, Problem>;
  };
  const [writesLeft, readsLeft] = [[...writes], [...reads]];
  const records: Pick<RecordStore, 'read' | 'write'> = {
    read: async () => next(readsLeft),
    write: async (_page, _record, condition) => {
      conditions.push(condition);
      return next(writesLeft);
    },
  };
  return { records, conditions };
}

const always = () => true;

describe('a commit', () => {
  it('is done when the store says so, on the condition of the record read before', async () => {
    const { records, conditions } = script([{ kind: 'written', etag: '"new"' }]);
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({ kind: 'committed' });
    expect(conditions).toEqual([{ ifMatch: '"old"' }]);
  });

  it('of a first record is on the condition that there is none', async () => {
    const { records, conditions } = script([{ kind: 'written', etag: '"new"' }]);
    await commitRecord(records, 'page', mine, null, always);
    expect(conditions).toEqual([{ ifAbsent: true }]);
  });

  it.each<[string, VersionedRecord | null, VersionedRecord | null, object]>([
    ['its opId is the current one', old, { record: mine, etag: '"x"' }, { kind: 'committed' }],
    [
      'its opId is among the predecessors',
      old,
      { record: fence('later', 'mine', 'old'), etag: '"x"' },
      { kind: 'superseded', current: fence('later', 'mine', 'old') },
    ],
    [
      'another record is there',
      old,
      { record: fence('other', 'old'), etag: '"x"' },
      { kind: 'lost', current: fence('other', 'old') },
    ],
    [
      'a first record of another is there',
      null,
      { record: fence('other'), etag: '"x"' },
      { kind: 'lost', current: fence('other') },
    ],
    ['the record is gone', old, null, { kind: 'lost', current: null }],
  ])('that was unclear is settled by reading: %s', async (_, before, read, outcome) => {
    const { records } = script([unclear], [read]);
    expect(await commitRecord(records, 'page', mine, before, always)).toEqual(outcome);
  });

  it('is tried again, on the same condition, while the old record is still there', async () => {
    const { records, conditions } = script(
      [unclear, unclear, { kind: 'written', etag: '"new"' }],
      [old, old],
    );
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({ kind: 'committed' });
    expect(conditions).toEqual([{ ifMatch: '"old"' }, { ifMatch: '"old"' }, { ifMatch: '"old"' }]);
  });

  it('that stays unclear is unknown, after a bounded number of attempts', async () => {
    const { records, conditions } = script(Array(9).fill(unclear), Array(9).fill(old));
    expect(await commitRecord(records, 'page', mine, old, always)).toMatchObject({ kind: 'unknown' });
    expect(conditions).toHaveLength(4);
  });

  it('that stays unclear says why, when the store said so', async () => {
    const full = new Problem('STORAGE_UNAVAILABLE', { detail: 'The storage is full.' });
    const { records } = script(Array(9).fill({ kind: 'unclear', cause: full }), Array(9).fill(old));
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({
      kind: 'unknown',
      problem: full,
    });
  });

  it('is unknown when nothing can be read after an unclear answer', async () => {
    const { records } = script([unclear], [down()]);
    expect(await commitRecord(records, 'page', mine, old, always)).toMatchObject({ kind: 'unknown' });
  });

  it('is refused when the store certainly took nothing', async () => {
    const { records } = script([down()]);
    expect(await commitRecord(records, 'page', mine, old, always)).toMatchObject({ kind: 'refused' });
  });

  it('is unknown when a refusal follows an attempt that may have been applied', async () => {
    const { records } = script([unclear, down()], [old]);
    expect(await commitRecord(records, 'page', mine, old, always)).toMatchObject({ kind: 'unknown' });
  });

  it('is refused, and nothing is sent, when the time is over', async () => {
    const { records, conditions } = script([]);
    expect(await commitRecord(records, 'page', mine, old, () => false)).toMatchObject({ kind: 'refused' });
    expect(conditions).toEqual([]);
  });

  it('lets a bug through', async () => {
    const { records } = script([]);
    await expect(commitRecord(records, 'page', mine, old, always)).rejects.toThrow('the script ended');
  });
});
