import { describe, expect, it } from '@jest/globals';
import type { PageRecord } from '../../../lib/domain/model.ts';
import { isRecordOf, RECORD_MAX_BYTES, readRecord, writeRecord } from '../../../lib/record/recordText.ts';
import { itemOf, newPage } from '../../support/builders.ts';

const { pageId, recordOf } = newPage();
const item = itemOf('https://site.test/a.png', { name: `images/${'0'.repeat(32)}/${pageId}/op/a.png` });
const line = { url: 'https://site.test/b.png', code: 'IMAGE_EMPTY', detail: 'Empty.', foundIn: [] } as const;
const page: PageRecord = recordOf([item], { skipped: [line] });
const fence = { schema: 1, kind: 'fence', opId: 'f', predecessors: ['e'] } as const;

/** Of another type than whatever stands there, and nothing at all. */
const WRONG: readonly unknown[] = [undefined, null, 7, {}, [7], 'x', true];
const typeOf = (value: unknown) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);
const read = (value: unknown) => readRecord(JSON.stringify(value));

describe('the text of a record', () => {
  it('gives the record back, with members that this version does not know', () => {
    expect(readRecord(writeRecord(page))).toEqual(page);
    expect(readRecord(writeRecord(fence))).toEqual(fence);
    expect(read({ ...page, variants: 'best', later: 1 })).toMatchObject({ variants: 'best', later: 1 });
    expect(read({ ...page, items: [], skipped: [], warnings: [{}], complete: false })).not.toBeNull();
  });

  it.each(['', '{', '{}', '[]', 'null', '7', '"text"', writeRecord(page).slice(0, -1)])(
    'is not %.20s',
    (text) => {
      expect(readRecord(text)).toBeNull();
    },
  );

  const members = [
    'schema',
    'kind',
    'opId',
    'predecessors',
    'url',
    'finalUrl',
    'createdAt',
    'updatedAt',
    'complete',
    'variants',
    'counts',
    'items',
    'skipped',
    'warnings',
  ] as const;
  it.each(members)('needs %s as it is', (member) => {
    for (const wrong of WRONG) {
      if (typeOf(wrong) === typeOf(page[member]) && wrong !== 'x' && !Array.isArray(wrong)) continue;
      if (wrong === 'x' && !['kind', 'schema'].includes(member)) continue;
      expect(read({ ...page, [member]: wrong })).toBeNull();
    }
  });

  it.each([
    ['items', 'name', item],
    ['items', 'sha256', item],
    ['items', 'url', item],
    ['items', 'foundIn', item],
    ['skipped', 'url', line],
    ['skipped', 'foundIn', line],
  ])('needs in each of its %s the %s', (list, member, value) => {
    for (const wrong of [undefined, null, 7, {}])
      expect(read({ ...page, [list]: [value, { ...value, [member]: wrong }] })).toBeNull();
  });

  it.each(['opId', 'predecessors', 'schema'] as const)('of a fence needs %s', (member) => {
    for (const wrong of [undefined, null, 0.5, {}, [7]])
      expect(read({ ...fence, [member]: wrong })).toBeNull();
  });

  it('may have 32 MiB', () => {
    expect(RECORD_MAX_BYTES).toBe(33_554_432);
  });
});

describe('the record of a page', () => {
  it('is its own, and names its own objects alone', () => {
    expect(isRecordOf(pageId, page)).toBe(true);
    expect(isRecordOf('0'.repeat(32), page)).toBe(false);
    expect(isRecordOf(pageId, { ...page, url: `${page.url}?` })).toBe(false);
    for (const name of [item.name.replace(pageId, '0'.repeat(32)), 'pages/a.json', '']) {
      expect(isRecordOf(pageId, { ...page, items: [item, { ...item, name }] })).toBe(false);
    }
  });

  it('is a fence wherever it lies', () => {
    expect(isRecordOf(pageId, { ...fence, predecessors: [] })).toBe(true);
  });
});
