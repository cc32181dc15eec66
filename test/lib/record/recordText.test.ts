import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { PageRecord, StoredRecord } from '../../../lib/domain/model.ts';
import { readRecord, SCHEMA, writeRecord } from '../../../lib/record/recordText.ts';
import { itemOf, recordOf } from '../../support/builders.ts';
import { pngOf } from '../../support/pictures.ts';
import { createWorld, PAGE } from '../../support/world.ts';

const PAGE_ID = pageIdOf(PAGE);
const whole = recordOf([itemOf('https://site.test/a.png')]);

/** The record of a later version, read by this one. */
function readLater(record: StoredRecord, parts: Readonly<Record<string, unknown>> = {}): PageRecord {
  const read = readRecord(JSON.stringify({ ...record, schema: SCHEMA + 2, ...parts }));
  if (read?.kind !== 'page') throw new Error('The record was not read.');
  return read;
}

describe('a record of a later schema', () => {
  it('is read by the members that are known', () => {
    const later = { main: 'images/x', source: 'given', items: [{ ...whole.items[0], role: 'content' }] };
    expect(readLater(whole, later)).toEqual({ ...whole, schema: SCHEMA + 2, ...later });
  });

  it.each(['predecessors', 'complete', 'variants', 'counts', 'skipped', 'warnings'])(
    'may lack %s',
    (member) => {
      expect(readLater(whole, { [member]: undefined }).items).toEqual(whole.items);
    },
  );

  it.each(['opId', 'url', 'items', 'kind'])('is not understood without %s', (member) => {
    expect(readRecord(JSON.stringify({ ...whole, schema: 9, [member]: undefined }))).toBeNull();
    expect(readRecord(JSON.stringify({ ...whole, [member]: undefined }))).toBeNull();
  });

  it('of this schema may lack nothing', () => {
    expect(readRecord(JSON.stringify({ ...whole, skipped: undefined }))).toBeNull();
  });

  it('may be a fence', () => {
    const fence = { schema: 3, kind: 'fence', opId: 'x', predecessors: ['y'], since: 'now' };
    expect(readRecord(JSON.stringify(fence))).toEqual(fence);
  });

  const laterWorld = async (parts: Readonly<Record<string, unknown>>) => {
    const site = {
      [PAGE]: { type: 'text/html', body: '<img src=a.png><link rel=stylesheet href=s.css>' },
      [`${PAGE}s.css`]: { type: 'text/css', body: 'p{background:url(b.png)}' },
      [`${PAGE}a.png`]: { type: 'image/png', body: pngOf(1), etag: '"1"' },
      [`${PAGE}b.png`]: { type: 'image/png', body: pngOf(2), etag: '"2"' },
    };
    const world = createWorld({ site });
    const { record } = await world.post();
    world.store.kept.set(PAGE_ID, readLater(record, parts));
    world.cache.flush();
    return { world, record };
  };

  it('is answered, and an update keeps every copy that it names', async () => {
    const { world, record } = await laterWorld({ variants: 'ofAnotherKind', main: 'images/x' });
    expect((await world.get()).items.map(({ name }) => name)).toEqual(record.items.map(({ name }) => name));
    world.web.set(`${PAGE}s.css`, { fault: 'status', status: 503 });
    const after = (await world.put()).record;
    expect(after.items.map(({ name, outcome }) => [name, outcome])).toEqual([
      [record.items[0]?.name, 'unchanged'],
      [record.items[1]?.name, 'kept'],
    ]);
    expect(after).toMatchObject({ schema: SCHEMA, variants: 'all', createdAt: record.createdAt });
    expect(readRecord(writeRecord(after))).toEqual(after);
  });

  it('whose provenance has another shape has its places', async () => {
    for (const provenance of [
      'none',
      { sources: 3 },
      { sources: [{}] },
      { sources: [], others: [], unplaced: ['a'] },
    ]) {
      const { world } = await laterWorld({ provenance });
      world.web.set(PAGE, { type: 'text/html', body: '<link rel=stylesheet href=s.css>' });
      world.web.set(`${PAGE}s.css`, { fault: 'status', status: 503 });
      expect((await world.put()).record.items.map(({ url }) => url)).toEqual([`${PAGE}b.png`]);
    }
  });

  it('keeps what is not known of it when a sweep fences it', async () => {
    const { world } = await laterWorld({ main: 'images/x', provenance: { sources: 'elsewhere' } });
    const orphan = `images/${'a'.repeat(32)}/${PAGE_ID}/dead/x.png`;
    world.store.objects.set(orphan, { bytes: pngOf(3), contentType: 'image/png', lastModified: new Date(0) });
    expect(await world.sweepLater()).toMatchObject({ fenced: 1, removed: 1 });
    expect(world.store.kept.get(PAGE_ID)).toMatchObject({
      schema: SCHEMA + 2,
      main: 'images/x',
      provenance: { sources: 'elsewhere' },
    });
  });
});

describe('a record of this version', () => {
  it('is of the schema of before, with a member more and one less that may be absent', async () => {
    const world = createWorld({ site: { [PAGE]: { type: 'text/html', body: '<p>' } } });
    const { record } = await world.post();
    expect(record.schema).toBe(1);
    expect(record.provenance).toEqual({
      sources: [{ id: 'page', names: [], links: [], lacksEnd: true }],
      others: [],
      unplaced: [],
    });
    expect(record).not.toHaveProperty('imports');
  });
});
