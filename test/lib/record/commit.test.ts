import { describe, expect, it } from '@jest/globals';
import type { StoredRecord, VersionedRecord } from '../../../lib/domain/model.ts';
import type { RecordStore, WriteCondition } from '../../../lib/domain/ports.ts';
import { Problem } from '../../../lib/domain/problem.ts';
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

  it('is unknown when nothing can be read after an unclear answer, and tells the store’s own reason', async () => {
    const problem = down();
    const { records } = script([unclear], [problem]);
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({ kind: 'unknown', problem });
  });

  it('is refused when the store certainly took nothing, and tells the store’s own reason', async () => {
    const problem = down();
    const { records } = script([problem]);
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({ kind: 'refused', problem });
  });

  it('is unknown when a refusal follows an attempt that may have been applied', async () => {
    const problem = down();
    const { records } = script([unclear, problem], [old]);
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({ kind: 'unknown', problem });
  });

  const NEVER_CLEAR = {
    code: 'STORAGE_UNAVAILABLE',
    detail: 'The storage did not say whether it kept the record. Look the page up, then try again.',
    retryAfterSeconds: 5,
  };

  it('is refused, and nothing is sent, when the time is over: nothing was changed', async () => {
    const { records, conditions } = script([]);
    expect(await commitRecord(records, 'page', mine, old, () => false)).toMatchObject({
      kind: 'refused',
      problem: {
        code: 'STORAGE_UNAVAILABLE',
        detail: 'The storage was too slow to finish in time; nothing was changed. Try again.',
        retryAfterSeconds: 5,
      },
    });
    expect(conditions).toEqual([]);
  });

  it('is unknown when the time is over after an attempt that may have been applied', async () => {
    const { records, conditions } = script([unclear, unclear], [old, old]);
    let asked = 0;
    const mayTry = () => {
      asked += 1;
      return asked === 1;
    };
    expect(await commitRecord(records, 'page', mine, old, mayTry)).toMatchObject({
      kind: 'unknown',
      problem: NEVER_CLEAR,
    });
    expect(conditions).toHaveLength(1);
  });

  it('that stays unclear without a reason says what to do', async () => {
    const { records } = script(Array(9).fill(unclear), Array(9).fill(old));
    expect(await commitRecord(records, 'page', mine, old, always)).toMatchObject({
      kind: 'unknown',
      problem: NEVER_CLEAR,
    });
  });

  it('tells the reason of the last attempt, of several', async () => {
    const [first, last] = [down(), new Problem('STORAGE_UNAVAILABLE', { detail: 'full' })];
    const causes = [first, first, first, last].map((cause) => ({ kind: 'unclear', cause }) as const);
    const { records } = script(causes, Array(9).fill(old));
    expect(await commitRecord(records, 'page', mine, old, always)).toEqual({
      kind: 'unknown',
      problem: last,
    });
  });

  it('of a first record is tried again while there is still none', async () => {
    const { records, conditions } = script([unclear, { kind: 'written', etag: '"new"' }], [null]);
    expect(await commitRecord(records, 'page', mine, null, always)).toEqual({ kind: 'committed' });
    expect(conditions).toEqual([{ ifAbsent: true }, { ifAbsent: true }]);
  });

  it('is of the page and the record that it was given', async () => {
    const asked: unknown[] = [];
    const { records } = script([unclear, { kind: 'written', etag: '"new"' }], [old]);
    const watched: typeof records = {
      read: (...args) => {
        asked.push(args);
        return records.read(...args);
      },
      write: (...args) => {
        asked.push(args);
        return records.write(...args);
      },
    };
    await commitRecord(watched, 'page', mine, old, always);
    const write = ['page', mine, { ifMatch: '"old"' }];
    expect(asked).toEqual([write, ['page'], write]);
  });

  it('lets a bug through', async () => {
    const { records } = script([]);
    await expect(commitRecord(records, 'page', mine, old, always)).rejects.toThrow('the script ended');
  });
});
