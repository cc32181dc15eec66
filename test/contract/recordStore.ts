/** What every `RecordStore` promises. */
import { expect, it } from '@jest/globals';
import type { FenceRecord, StoredRecord } from '../../lib/domain/model.ts';
import type { RecordStore, WriteCondition } from '../../lib/domain/ports.ts';
import { itemOf, newPage } from '../support/builders.ts';

/** Defines the suite. Every test has a separate page. */
export function testRecordStore(store: () => RecordStore): void {
  const write = (pageId: string, record: StoredRecord, condition: WriteCondition) =>
    store().write(pageId, record, condition);
  const written = async (pageId: string, record: StoredRecord, condition: WriteCondition) => {
    const response = await write(pageId, record, condition);
    if (response.kind !== 'written') throw response.cause;
    return response.etag;
  };

  it('has null for a page that was never written', async () => {
    expect(await store().read(newPage().pageId)).toBeNull();
  });

  it('gives back what was written, with the ETag of the write', async () => {
    const { pageId, recordOf } = newPage();
    const record = recordOf([itemOf('https://site.test/ä &<>"\u{1f5bc}.png')], { opId: 'one' });
    const etag = await written(pageId, record, { ifAbsent: true });
    expect(await store().read(pageId)).toEqual({ record, etag });
  });

  it('reads a record up to a size, and says when it is larger', async () => {
    const { pageId, recordOf } = newPage();
    expect(await store().readUpTo(pageId, 1_000)).toBeNull();
    const record = recordOf([itemOf('https://site.test/ä.png')]);
    const bytes = Buffer.byteLength(JSON.stringify(record));
    const etag = await written(pageId, record, { ifAbsent: true });
    expect(await store().readUpTo(pageId, bytes)).toEqual({ record, etag, bytes });
    expect(await store().readUpTo(pageId, bytes - 1)).toBe('larger');
  });

  it('reads many records up to a size at once, more than it has room for', async () => {
    const pages = Array.from({ length: 40 }, newPage);
    const image = itemOf('https://site.test/a.png');
    for (const { pageId, recordOf } of pages) await written(pageId, recordOf([image]), { ifAbsent: true });
    const reads = await Promise.all(
      pages.map(({ pageId }, n) => store().readUpTo(pageId, n % 2 === 0 ? 1024 * 1024 : 32 * 1024 * 1024)),
    );
    expect(reads.every((read) => read !== null && read !== 'larger')).toBe(true);
  });

  it('keeps an empty record', async () => {
    const { pageId } = newPage();
    const fence: FenceRecord = { schema: 1, kind: 'fence', opId: 'fence', predecessors: ['one'] };
    await written(pageId, fence, { ifAbsent: true });
    expect((await store().read(pageId))?.record).toEqual(fence);
  });

  it('keeps a record of 5 MiB', async () => {
    const { pageId, recordOf } = newPage();
    const record = recordOf([itemOf(`https://site.test/${'x'.repeat(5 * 1024 * 1024)}`)]);
    await written(pageId, record, { ifAbsent: true });
    expect((await store().read(pageId))?.record).toEqual(record);
  });

  it('writes over the record whose ETag is given', async () => {
    const { pageId, recordOf } = newPage();
    const first = await written(pageId, recordOf([], { opId: 'one' }), { ifAbsent: true });
    const second = await written(pageId, recordOf([], { opId: 'two' }), { ifMatch: first });
    expect(second).not.toBe(first);
    expect((await store().read(pageId))?.record.opId).toBe('two');
  });

  const lost: readonly (readonly [string, (first: string) => WriteCondition])[] = [
    ['there is one already', () => ({ ifAbsent: true })],
    ['it has another ETag', () => ({ ifMatch: '"0123456789abcdef0123456789abcdef"' })],
  ];
  it.each(lost)('leaves the record alone when %s', async (_, conditionOf) => {
    const { pageId, recordOf } = newPage();
    const first = await written(pageId, recordOf([], { opId: 'one' }), { ifAbsent: true });
    const result = await write(pageId, recordOf([], { opId: 'two' }), conditionOf(first));
    expect(result.kind).toBe('unclear');
    expect(await store().read(pageId)).toMatchObject({ record: { opId: 'one' }, etag: first });
  });

  it('leaves the record alone when its ETag is that of an earlier one', async () => {
    const { pageId, recordOf } = newPage();
    const first = await written(pageId, recordOf([], { opId: 'one' }), { ifAbsent: true });
    await written(pageId, recordOf([], { opId: 'two' }), { ifMatch: first });
    expect((await write(pageId, recordOf([], { opId: 'three' }), { ifMatch: first })).kind).toBe('unclear');
    expect((await store().read(pageId))?.record.opId).toBe('two');
  });

  it('writes nothing where a record to match is missing', async () => {
    const { pageId, recordOf } = newPage();
    const reply = await write(pageId, recordOf([]), { ifMatch: '"0123456789abcdef0123456789abcdef"' });
    expect(reply.kind).toBe('unclear');
    expect(await store().read(pageId)).toBeNull();
  });

  it.each([50, 200])('lets exactly one of %i simultaneous first writes through', async (count) => {
    const { pageId, recordOf } = newPage();
    const responses = await Promise.all(
      Array.from({ length: count }, (_, n) =>
        write(pageId, recordOf([], { opId: `op${n}` }), { ifAbsent: true }),
      ),
    );
    const winners = responses.flatMap(({ kind }, n) => (kind === 'written' ? [`op${n}`] : []));
    expect(winners).toHaveLength(1);
    expect((await store().read(pageId))?.record.opId).toBe(winners[0]);
  });

  it('lets exactly one of 50 simultaneous writes over the same record through', async () => {
    const { pageId, recordOf } = newPage();
    const first = await written(pageId, recordOf([]), { ifAbsent: true });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        write(pageId, recordOf([], { opId: `op${n}` }), { ifMatch: first }),
      ),
    );
    const winners = results.flatMap(({ kind }, n) => (kind === 'written' ? [`op${n}`] : []));
    expect(winners).toHaveLength(1);
    expect((await store().read(pageId))?.record.opId).toBe(winners[0]);
  });

  it('honours conditional writes, and says so as often as it is asked', async () => {
    await store().verify();
    await store().verify();
  });
}
