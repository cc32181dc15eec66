import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { imageIdOf, pageIdOf } from '../../../lib/domain/identity.ts';
import type { PageRecord, StoredItem } from '../../../lib/domain/model.ts';
import { objectName } from '../../../lib/domain/objectName.ts';
import { copiesOf, type Part } from '../../../lib/lookup/copiesOf.ts';
import { lookUp } from '../../../lib/lookup/lookUp.ts';
import { notUnderstood } from '../../../lib/record/recordText.ts';
import { createMemoryCache } from '../../fakes/memoryCache.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';
import { itemOf, recordOf } from '../../support/builders.ts';
import { codeOf } from '../../support/world.ts';

const IMAGE = 'https://site.test/shared.png';
const IMAGE_ID = imageIdOf(IMAGE);
const pageOf = (n: number) => `https://site.test/page-${n}`;
const nameOf = (page: string, opId = 'op1') => objectName(IMAGE_ID, pageIdOf(page), opId, 'shared.png');

/** @param unread ids of the pages whose record cannot be understood */
function createBucket(unread: readonly string[] = []) {
  const store = createMemoryStore({
    intercept: async ({ method, target }, apply) => {
      if (method === 'read' && unread.includes(target)) throw notUnderstood();
      return apply();
    },
  });
  const cache = createMemoryCache();
  const object = { bytes: Buffer.alloc(1), contentType: 'image/png', lastModified: new Date() };
  return {
    store,
    cache,
    services: { records: store.records, images: store.images, cache: cache.cache },
    leave: (name: string) => store.objects.set(name, object),
    /** The page holds the image, or anything else that a record may say of it. */
    hold(page: string, item: Partial<StoredItem> = {}, record: Partial<PageRecord> = {}) {
      const name = nameOf(page);
      store.objects.set(name, object);
      store.kept.set(pageIdOf(page), recordOf([itemOf(IMAGE, { name, ...item })], { url: page, ...record }));
    },
    reads: () => store.calls.filter(({ method }) => method === 'read').length,
  };
}
type Bucket = ReturnType<typeof createBucket>;

const byId = (one: string, other: string) => (pageIdOf(one) < pageIdOf(other) ? -1 : 1);
const part = (rest: Partial<Part> = {}): Part => ({ limit: 100, isOver: () => false, ...rest });
const ask = ({ services }: Bucket, rest: Partial<Part> = {}) => copiesOf(services, IMAGE, part(rest));

/** Every part, as a caller reads them. */
async function readAll(bucket: Bucket, rest: Partial<Part>, between: (parts: number) => void = () => {}) {
  const parts = [await ask(bucket, rest)];
  for (let cursor = parts[0]?.next; cursor !== undefined; cursor = parts.at(-1)?.next) {
    between(parts.length);
    parts.push(await ask(bucket, { ...rest, cursor }));
    if (parts.length > 10_000) throw new Error('it goes round in circles');
  }
  return parts;
}
const namesIn = (parts: readonly { readonly items: readonly { readonly name: string }[] }[]) =>
  parts.flatMap(({ items }) => items.map(({ name }) => name));

describe('the copies of an image', () => {
  it('come in parts of at most the limit, each copy once, in the order of their pages’ ids', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('held', 'not named', 'no record', 'empty record'), { maxLength: 40 }),
        fc.integer({ min: 1, max: 45 }),
        async (kinds, limit) => {
          const bucket = createBucket();
          for (const [n, kind] of kinds.entries()) {
            const page = pageOf(n);
            bucket.leave(nameOf(page, 'killed'));
            if (kind === 'held') bucket.hold(page);
            if (kind === 'not named') bucket.store.kept.set(pageIdOf(page), recordOf([], { url: page }));
            if (kind === 'empty record')
              bucket.store.kept.set(pageIdOf(page), {
                schema: 1,
                kind: 'fence',
                opId: 'f',
                predecessors: [],
              });
          }
          const expected = kinds.flatMap((kind, n) => (kind === 'held' ? [nameOf(pageOf(n))] : [])).sort();
          const parts = await readAll(bucket, { limit });
          expect(namesIn(parts)).toEqual(expected);
          for (const { items } of parts) expect(items.length).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    [99, 1],
    [100, 1],
    [101, 2],
    [200, 2],
    [201, 3],
  ])('of %i pages that all hold it come in %i answers of 100', async (pages, responses) => {
    const bucket = createBucket();
    for (let n = 0; n < pages; n += 1) bucket.hold(pageOf(n));
    const parts = await readAll(bucket, {});
    expect(parts).toHaveLength(responses);
    expect(parts.map(({ next }) => next === undefined)).toEqual([...Array(responses - 1).fill(false), true]);
  });

  it('are neither missed nor listed twice when pages are written between two answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.tuple(fc.nat(39), fc.constantFrom('replace', 'remove', 'add')), { maxLength: 30 }),
        async (limit, writes) => {
          const bucket = createBucket();
          for (let n = 0; n < 20; n += 1) bucket.hold(pageOf(n));
          const touched = new Set<number>();
          const parts = await readAll(bucket, { limit }, (answered) => {
            const write = writes[answered - 1];
            if (write === undefined) return;
            const [n, kind] = write;
            touched.add(n);
            const page = pageOf(n);
            if (kind === 'remove') bucket.store.kept.delete(pageIdOf(page));
            else {
              const name = nameOf(page, `op${answered + 1}`);
              bucket.leave(name);
              bucket.hold(page, { name });
            }
          });
          const pages = namesIn(parts).map((name) => name.split('/')[2]);
          expect(new Set(pages).size).toBe(pages.length);
          for (let n = 0; n < 20; n += 1) if (!touched.has(n)) expect(pages).toContain(pageIdOf(pageOf(n)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of a page count once, whatever else its record and the bucket have', async () => {
    const bucket = createBucket();
    bucket.hold(pageOf(1));
    for (let n = 0; n < 50; n += 1) bucket.leave(nameOf(pageOf(1), `killed${n}`));
    bucket.leave(`images/${IMAGE_ID}/something/else.png`);
    expect(namesIn([await ask(bucket, { limit: 1 })])).toEqual([nameOf(pageOf(1))]);
    expect((await ask(bucket, { limit: 1 })).next).toBeUndefined();
  });

  it('tell of their own part whether they are complete, and what is the newest', async () => {
    const bucket = createBucket();
    const [first = '', second = '', third = ''] = [1, 2, 3].map(pageOf).sort(byId);
    bucket.hold(first, {}, { updatedAt: '2026-01-02T00:00:00.000Z' });
    bucket.hold(second, {}, { updatedAt: '2026-01-01T00:00:00.000Z' });
    bucket.hold(third, {}, { updatedAt: '2026-01-03T00:00:00.000Z', complete: false });
    const [one, two] = await readAll(bucket, { limit: 2 });
    expect(one).toMatchObject({ complete: true, updatedAt: '2026-01-02T00:00:00.000Z' });
    expect(two).toMatchObject({ complete: false, updatedAt: '2026-01-03T00:00:00.000Z' });
  });

  it('are an empty part when the rest is gone meanwhile', async () => {
    const bucket = createBucket();
    for (let n = 0; n < 3; n += 1) bucket.hold(pageOf(n));
    const { next: cursor } = await ask(bucket, { limit: 2 });
    bucket.store.kept.clear();
    expect(await lookUp(bucket.services, IMAGE, {}, part({ cursor }))).toEqual({
      url: IMAGE,
      items: [],
      skipped: [],
      complete: true,
      updatedAt: null,
    });
  });

  it('go on with a cursor, even when a page has been harvested from that URL', async () => {
    const bucket = createBucket();
    const pages = [IMAGE, pageOf(1), pageOf(2), pageOf(3)].sort(byId);
    const others = pages.filter((page) => page !== IMAGE);
    for (const page of others) bucket.hold(page);
    const { next: cursor } = await ask(bucket, { limit: 1 });
    bucket.hold(IMAGE);
    expect(namesIn([await lookUp(bucket.services, IMAGE, {}, part())])).toEqual([nameOf(IMAGE)]);
    const rest = await lookUp(bucket.services, IMAGE, {}, part({ cursor }));
    expect(namesIn([rest])).toEqual(
      pages.slice(pages.indexOf(others[0] ?? '') + 1).map((page) => nameOf(page)),
    );
  });

  it.each(['', 'nonsense', 'A'.repeat(43), 'A'.repeat(100_000), '../../pages'])(
    'refuse a cursor that is not one of theirs, before the bucket is asked: %.20s',
    async (cursor) => {
      const bucket = createBucket();
      bucket.hold(pageOf(1));
      expect(await codeOf(lookUp(bucket.services, IMAGE, {}, part({ cursor })))).toBe('OPTION_INVALID');
      expect(bucket.store.calls).toEqual([]);
    },
  );

  it('are listed from behind the last page, however many objects it has', async () => {
    const bucket = createBucket();
    const [first = '', second = ''] = [pageOf(1), pageOf(2)].sort(byId);
    for (const page of [first, second]) bucket.hold(page);
    bucket.leave(nameOf(first, 'zzz'));
    const { next: cursor } = await ask(bucket, { limit: 1 });
    const listed: string[] = [];
    const images = {
      ...bucket.services.images,
      async *list(prefix: string, after?: string) {
        for await (const object of bucket.services.images.list(prefix, after)) {
          listed.push(object.name);
          yield object;
        }
      },
    };
    await copiesOf({ ...bucket.services, images }, IMAGE, part({ cursor }));
    expect(listed).toEqual([nameOf(second)]);
  });

  it('do not pass through the cache', async () => {
    const bucket = createBucket();
    for (let n = 0; n < 20; n += 1) bucket.hold(pageOf(n));
    const measures = {};
    await lookUp(bucket.services, IMAGE, measures, part());
    expect(bucket.cache.entries.size).toBe(0);
    // Of the page that the URL might be.
    expect(measures).toEqual({ cacheMisses: 1 });
  });
});

describe('a record that cannot be understood', () => {
  it('hides no other page’s copy in any part, and makes exactly its own part incomplete', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 35 }),
        async (areUnread, limit) => {
          const pages = areUnread.map((_, n) => pageOf(n));
          const unread = pages.filter((_, n) => areUnread[n]).map(pageIdOf);
          const bucket = createBucket(unread);
          for (const page of pages) bucket.hold(page);
          const parts = await readAll(bucket, { limit });
          const known = pages.filter((page) => !unread.includes(pageIdOf(page)));
          expect(namesIn(parts)).toEqual(known.map((page) => nameOf(page)).sort());
          expect(parts.every(({ complete }) => complete)).toBe(unread.length === 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('alone is no “not found”, and of the page itself STORAGE_UNAVAILABLE', async () => {
    const bucket = createBucket([pageIdOf(pageOf(1))]);
    bucket.hold(pageOf(1));
    expect(await lookUp(bucket.services, IMAGE, {}, part())).toMatchObject({ items: [], complete: false });
    expect(await codeOf(lookUp(bucket.services, pageOf(1), {}))).toBe('STORAGE_UNAVAILABLE');
  });
});

describe('the work of one answer', () => {
  it('ends when its time is over, with what there is and where to go on', async () => {
    const bucket = createBucket();
    for (let n = 0; n < 4_500; n += 1) bucket.leave(nameOf(pageOf(n), 'killed'));
    bucket.hold(pageOf(4_499));
    let end = 1_000;
    const parts = await readAll(bucket, { isOver: () => bucket.reads() >= end }, () => {
      end = bucket.reads() + 1_000;
    });
    expect(parts).toHaveLength(5);
    expect(namesIn(parts)).toEqual([nameOf(pageOf(4_499))]);
  });

  it('looks at something in every answer, however late it is', async () => {
    const bucket = createBucket();
    for (let n = 0; n < 20; n += 1) bucket.leave(nameOf(pageOf(n), 'killed'));
    const parts = await readAll(bucket, { isOver: () => true });
    expect(namesIn(parts)).toEqual([]);
    expect(parts.length).toBeLessThanOrEqual(21);
  });

  it('is at most 2,000 records', async () => {
    const bucket = createBucket();
    for (let n = 0; n < 2_100; n += 1) bucket.leave(nameOf(pageOf(n), 'killed'));
    const { items, next } = await ask(bucket);
    expect(items).toEqual([]);
    expect(next).toBeDefined();
    expect(bucket.reads()).toBe(2_000);
  });

  it('is one record more than the limit, to know whether there is a next answer', async () => {
    const bucket = createBucket();
    const pages = Array.from({ length: 60 }, (_, n) => pageOf(n)).sort(byId);
    for (const page of pages.slice(0, 6)) bucket.hold(page);
    for (const page of pages.slice(6)) bucket.leave(nameOf(page, 'killed'));
    expect((await ask(bucket, { limit: 5 })).next).toBeDefined();
    expect(bucket.reads()).toBe(6);
    // Where it cannot be known so soon, the caller asks in vain once more.
    expect((await ask(bucket, { limit: 6 })).next).toBeDefined();
    expect(bucket.reads()).toBe(6 + 8);
  });

  it('is at most 32 MiB of records, and one batch', async () => {
    const bucket = createBucket();
    const predecessors = ['x'.repeat(1_000_000)];
    for (let n = 0; n < 60; n += 1) bucket.hold(pageOf(n), {}, { predecessors });
    const parts = await readAll(bucket, {});
    expect(namesIn(parts)).toHaveLength(60);
    expect(parts[0]?.items).toHaveLength(40);
  });

  it('reads a record of more than 1 MiB by itself', async () => {
    const bucket = createBucket();
    bucket.hold(pageOf(1), {}, { predecessors: ['x'.repeat(2 * 1024 * 1024)] });
    bucket.hold(pageOf(2));
    expect(namesIn([await ask(bucket)])).toHaveLength(2);
    expect(bucket.reads()).toBe(3);
  });
});

describe('an answer with details and links', () => {
  const place = { element: 'img', attribute: 'src', slot: 0, alt: 'x'.repeat(200) };

  it('stays under 5 MiB: a part may end earlier', async () => {
    const bucket = createBucket();
    const foundIn = Array.from({ length: 20 }, () => ({
      ...place,
      stylesheet: `https://${'y'.repeat(2_000)}`,
    }));
    for (let n = 0; n < 300; n += 1) bucket.hold(pageOf(n), { foundIn });
    const parts = await readAll(bucket, { limit: 1_000 });
    expect(namesIn(parts)).toHaveLength(300);
    for (const { items } of parts) {
      const linked = items.map((item) => ({ ...item, href: 'h'.repeat(1_800) }));
      const response = JSON.stringify({ images: items.map(({ name }) => name), items: linked });
      expect(Buffer.byteLength(response)).toBeLessThan(5 * 1024 * 1024);
    }
    expect(parts.length).toBeLessThan(6);
  });

  it('has at most 20 places of a copy, and one bare place of a copy whose places fill it', async () => {
    const bucket = createBucket();
    const validators = { url: IMAGE, etag: '"secret"' };
    bucket.hold(pageOf(1), { foundIn: Array(25).fill(place), validators });
    bucket.hold(pageOf(2), {
      foundIn: [{ ...place, element: 'e'.repeat(100_000), alt: 'x'.repeat(100_000) }],
    });
    const { items } = await ask(bucket);
    const byPage = new Map(items.map((item) => [item.name.split('/')[2], item]));
    expect(byPage.get(pageIdOf(pageOf(1)))?.foundIn).toEqual(Array(20).fill(place));
    expect(byPage.get(pageIdOf(pageOf(1)))).not.toHaveProperty('validators');
    expect(byPage.get(pageIdOf(pageOf(2)))?.foundIn).toEqual([
      { element: 'e'.repeat(64), attribute: 'src', slot: 0 },
    ]);
  });

  it('has a copy that is larger than an answer all the same, alone', async () => {
    const bucket = createBucket();
    for (const n of [1, 2]) bucket.hold(pageOf(n), { contentType: 'x'.repeat(6 * 1024 * 1024) });
    const parts = await readAll(bucket, {});
    expect(parts.map(({ items }) => items.length)).toEqual([1, 1]);
  });
});
