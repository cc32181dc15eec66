import { describe, expect, it } from '@jest/globals';
import type { PageRecord, Place, SkippedLine } from '../../../lib/domain/model.ts';
import { roomOf } from '../../../lib/harvest/choose.ts';
import { changesBetween } from '../../../lib/harvest/compose.ts';
import { boundResponse } from '../../../lib/http/boundResponse.ts';
import type { Include } from '../../../lib/http/input.ts';
import { harvestResponse, lookUpResponse } from '../../../lib/http/views.ts';
import { mostBytes } from '../../../lib/record/boundLists.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';
import { itemOf, recordOf } from '../../support/builders.ts';
import { processorTimeOf } from '../../support/processorTime.ts';

const MIB = 1024 * 1024;

/** A record as full as nothing in it is cut. */
function fullRecord(text: string, itemsCount: number, placesCount = 20): PageRecord {
  const places = Array.from({ length: placesCount }, (_, slot): Place => {
    return {
      element: text,
      attribute: 'src',
      slot,
      alt: text,
      descriptor: text,
      stylesheet: `https://site.test/${text}`,
    };
  });
  const items = Array.from({ length: itemsCount }, (_, index) =>
    itemOf(`https://x.test/${index}/`.padEnd(Math.floor(MIB / itemsCount), 'y'), {
      name: `images/${'e'.repeat(32)}/${'f'.repeat(32)}/${'o'.repeat(36)}/${index}.`.padEnd(220, 'n'),
      foundIn: places,
    }),
  );
  const skipped = Array.from({ length: 3_000 }, (_, index): SkippedLine => {
    return {
      url: `https://x.test/${index}`,
      code: 'IMAGE_STATUS',
      detail: 'It is gone.',
      status: 404,
      foundIn: places,
    };
  });
  return recordOf(items, {
    skipped,
    counts: { discovered: 4_000, items: itemsCount, skipped: 3_000, byCode: {} },
  });
}

const bytesOf = (response: { readonly body: string }) => Buffer.byteLength(response.body);

describe('an answer', () => {
  it.each([
    ['x'.repeat(300), 1_000],
    ['\u4e2d'.repeat(300), 1_000],
    ['\u0001'.repeat(300), 1_000],
    ['x', roomOf(1_000)],
    ['\ud800'.repeat(10_000), 100],
  ])('is under 5 MiB whatever the record holds (%#)', async (text, itemsCount) => {
    const record = fullRecord(text, itemsCount);
    const { images } = createMemoryStore();
    const linking = {
      ...images,
      link: async (name: string) => `https://store.test/${name}?`.padEnd(1_790, 's'),
    };
    const ask = (...include: readonly Include[]) =>
      lookUpResponse(record, new Set(include), linking, undefined);
    const changes = { ...changesBetween(null, record), kept: record.items.map(({ name }) => name) };
    const responses = [
      harvestResponse({ record, changes, isNew: false }, { isUpdate: true, isDryRun: false }),
      await ask(),
      await ask('details'),
      await ask('links'),
      await ask('details', 'links'),
    ];
    for (const response of responses) expect(bytesOf(response)).toBeLessThan(5 * MIB);
    const { items, skipped, counts } = JSON.parse(responses[0]?.body ?? '');
    expect(items).toHaveLength(itemsCount);
    expect(items.every(({ foundIn }: { foundIn: unknown[] }) => foundIn.length > 0)).toBe(true);
    expect(skipped.length).toBeLessThanOrEqual(2_000);
    expect(counts.skipped).toBe(3_000);
  });

  it('of an update counts what changed, too', () => {
    const record = fullRecord('x'.repeat(300), 10);
    const removed = Array.from({ length: 10_000 }, (_, index) => `images/${index}`.padEnd(220, 'n'));
    const changes = { ...changesBetween(null, record), removed };
    const response = harvestResponse({ record, changes, isNew: false }, { isUpdate: true, isDryRun: false });
    expect(bytesOf(response)).toBeLessThan(5 * MIB);
  });

  it.each([
    [2, 2, 2_000],
    [20, 20, 1_421],
    [21, 20, 1_421],
  ])('lists of %i places %i, and as many skipped lines as there is room for', (count, listed, lines) => {
    const { items, skipped } = boundResponse(fullRecord('x', 1, count), {});
    expect(items[0]?.foundIn).toHaveLength(listed);
    expect(skipped[0]?.foundIn).toHaveLength(listed);
    expect(skipped).toHaveLength(lines);
  });

  it('of a usual record is made of its very lists', () => {
    const record = recordOf(
      Array.from({ length: 1_000 }, (_, index) => itemOf(`https://x.test/${index}.png`)),
    );
    expect(boundResponse(record, {})).toBe(record);
    expect(mostBytes(record)).toBeGreaterThan(Buffer.byteLength(JSON.stringify(record.items)));
  });

  it('of a usual record costs far less to bound than to write', () => {
    const items = Array.from({ length: 200 }, (_, index) => itemOf(`https://x.test/${index}.png`));
    const record = recordOf(items);
    const times = (work: () => unknown) =>
      processorTimeOf(() => {
        for (let round = 0; round < 1_000; round += 1) work();
      });
    const writing = times(() => JSON.stringify(record));
    expect(times(() => boundResponse(record, { url: record.url }))).toBeLessThan(writing / 2);
  });
});
