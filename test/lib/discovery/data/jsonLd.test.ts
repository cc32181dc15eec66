import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createYielder } from '../../../../lib/concurrency/yielder.ts';
import { JSON_LD_MAX_CHARS, JSON_LD_URLS_MAX, readJsonLd } from '../../../../lib/discovery/data/jsonLd.ts';
import { measureWithin } from '../../../deep/hostile/support/meter.ts';
import { onReferenceMachine, threadMs } from '../../../support/processorTime.ts';
import { discoverHtml, PAGE } from '../discoverHtml.ts';

const MIB = 1024 * 1024;
const imagesOf = (text: string, urlsLeft = Number.POSITIVE_INFINITY) =>
  [...readJsonLd(text, { urlsLeft })].filter((image) => image !== null);
const read = (document: unknown) => imagesOf(JSON.stringify(document)).map(({ key, url }) => `${key} ${url}`);

describe('readJsonLd', () => {
  it.each([
    [{ image: 'a.png' }, ['image a.png']],
    [{ thumbnailUrl: 'a.png' }, ['thumbnailUrl a.png']],
    [{ logo: 'a.png' }, ['logo a.png']],
    [{ Image: 'a.png', photo: 'b.png', url: 'c.png', contentUrl: 'd.png' }, []],
    [{ image: ['a.png', 'b.png', ['c.png']] }, ['image a.png', 'image b.png', 'image c.png']],
    [{ image: { url: 'a.png' } }, ['image a.png']],
    [{ image: { contentUrl: 'a.png' } }, ['image a.png']],
    [{ image: { url: ['a.png', 'b.png'] } }, ['image a.png', 'image b.png']],
    [{ image: { '@type': 'ImageObject', caption: 'a.png' } }, []],
    [{ image: [{ url: 'a.png' }, { contentUrl: 'b.png' }] }, ['image a.png', 'image b.png']],
    [{ image: { thumbnailUrl: 'a.png', url: 'b.png' } }, ['image b.png', 'thumbnailUrl a.png']],
    [
      { '@graph': [{ author: { logo: { url: 'a.png' } } }, { image: 'b.png' }] },
      ['logo a.png', 'image b.png'],
    ],
    [
      [{ image: 'a.png' }, { image: 'b.png' }],
      ['image a.png', 'image b.png'],
    ],
    [{ image: { '@id': '#i' }, x: { '@id': '#i', url: 'a.png' } }, ['image a.png']],
    [{ image: { '@id': '#i' }, x: { '@id': '#j', url: 'a.png' } }, []],
    [{ image: { '@id': '#i', url: 'a.png' } }, ['image a.png']],
    [{ image: null, logo: 1, thumbnailUrl: true }, []],
    [{ image: { author: { url: 'a' } } }, []],
    [null, []],
    ['image', []],
  ])('reads %j', (document, expected) => {
    expect(read(document)).toEqual(expected);
  });

  it.each(['', '{', '{"image": "a.png",}', 'var x = {"image": "a.png"}', '<!-- {"image": "a.png"} -->'])(
    'finds nothing in %j, which is not JSON',
    (text) => {
      expect(imagesOf(text)).toEqual([]);
    },
  );

  it.each([
    // The standard JSON parser keeps the last of two members of one name, and so do few others.
    ['{"image": "a.png", "image": "b.png"}', ['image a.png', 'image b.png']],
    ['{"im\\u0061ge": "a\\/b.png"}', ['image a/b.png']],
    [' \n{"image"\t:\r["a.png" , "b.png" ] }\n', ['image a.png', 'image b.png']],
  ])('reads %s', (text, expected) => {
    expect(imagesOf(text).map(({ key, url }) => `${key} ${url}`)).toEqual(expected);
  });

  it.each([
    [
      { image: [{ '@id': '#i' }, { '@id': '#i' }], x: { '@id': '#i', url: ['a', 'b'] } },
      ['image a', 'image b'],
    ],
    [{ image: { '@id': '#i' }, logo: { '@id': '#i' }, x: { '@id': '#i', url: 'a' } }, ['image a']],
    [{ x: { '@id': '#i', url: 'a' }, image: { '@id': '#i' }, y: { '@id': '#i', url: 'b' } }, ['image a']],
    // A cycle: neither has an address.
    [{ image: { '@id': '#i', image: { '@id': '#j', image: { '@id': '#i' } } } }, []],
    [{ image: { '@id': '#i', image: { '@id': '#i', url: 'a' } } }, ['image a', 'image a']],
    [{ image: { url: [['a'], 'b', { url: 'c' }, 1] } }, ['image b']],
    [{ image: [[[{ url: 'a' }]], [['b']]] }, ['image a', 'image b']],
    [{ url: [{ image: 'a' }], contentUrl: { logo: 'b' } }, ['image a', 'logo b']],
  ])('names the addresses of an @id once: %j', (document, expected) => {
    expect(read(document)).toEqual(expected);
  });

  it('reads a thousand levels, and says so when there are more', () => {
    const nested = (depth: number) => `${'{"image":['.repeat(depth / 2)}"a.png"${']}'.repeat(depth / 2)}`;
    expect(imagesOf(nested(1_000))).toEqual([{ key: 'image', url: 'a.png' }]);
    expect(isReadWhole(nested(1_000))).toBe(true);
    expect(isReadWhole(nested(1_002))).toBe(false);
    expect(isReadWhole(`[${nested(1_000)}]`)).toBe(false);
  });

  it('reads as many addresses as the page has left, and says so when there are more', () => {
    const documents = [
      (count: number) => ({ image: Array(count).fill('a') }),
      (count: number) => ({ image: { url: Array(count).fill('a') } }),
      (count: number) => ({ image: Array(count).fill({ contentUrl: 'a' }) }),
      (count: number) => ({ image: { '@id': '#i' }, x: { '@id': '#i', url: Array(count).fill('a') } }),
    ];
    for (const make of documents) {
      expect(imagesOf(JSON.stringify(make(500)), 500)).toHaveLength(500);
      expect(isReadWhole(JSON.stringify(make(500)), 500)).toBe(true);
      expect(imagesOf(JSON.stringify(make(501)), 500)).toHaveLength(500);
      expect(isReadWhole(JSON.stringify(make(501)), 500)).toBe(false);
    }
  });

  it('counts neither what names nothing nor repeated references', () => {
    const document = {
      image: [...Array(1_000).fill({ '@id': '#i' }), ...Array(1_000).fill({ name: 'x' }), 'b'],
      items: Array(1_000).fill({ url: 'https://x.test/' }),
      x: { '@id': '#i', url: 'a' },
    };
    expect(imagesOf(JSON.stringify(document), 2)).toEqual([
      { key: 'image', url: 'a' },
      { key: 'image', url: 'b' },
    ]);
    expect(isReadWhole(JSON.stringify(document), 2)).toBe(true);
  });

  it('never names more addresses than the document has strings', () => {
    const key = fc.constantFrom('image', 'logo', 'url', 'contentUrl', '@graph', 'x');
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>('u', 'u', null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
        fc.record({ '@id': fc.constantFrom('#a', '#b'), image: tie('value'), url: tie('value') }),
      ),
    })).value;
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify(value);
        const strings = text.match(/"u"/g)?.length ?? 0;
        // Once where it stands, and once where an @id leads to it.
        expect(imagesOf(text).length).toBeLessThanOrEqual(2 * strings);
      }),
      { numRuns: 2_000 },
    );
  });
});

function isReadWhole(text: string, urlsLeft = Number.POSITIVE_INFINITY): boolean {
  const images = readJsonLd(text, { urlsLeft });
  let next = images.next();
  while (!next.done) next = images.next();
  return next.value;
}

const block = (text: string) => `<script type="application/ld+json">${text}</script>`;
/** Nearly the longest block that is read: `unit` as often as there is room. */
const filled = (start: string, unit: string, end: string, length = JSON_LD_MAX_CHARS) =>
  start + unit.repeat((length - start.length - end.length) / unit.length) + end;
const numbered = (make: (index: number) => string) => {
  const parts: string[] = [];
  for (let length = 0, index = 0; length < JSON_LD_MAX_CHARS - 100; index += 1) {
    const part = make(index);
    parts.push(part);
    length += part.length;
  }
  return parts.join('');
};
const REFERRED = `1],"x":{"@id":"x","url":[${'"a",'.repeat(50_000)}"a"]}}`;

describe('ten megabytes of JSON-LD', () => {
  it.each([
    ['references to one long list', filled('{"image":[', '{"@id":"x"},', REFERRED)],
    ['references to one address', filled('{"image":[', '{"@id":"x"},', '1],"x":{"@id":"x","url":"a"}}')],
    ['addresses', filled('{"image":[', '"a",', '1]}')],
    ['addresses of one object', filled('{"image":{"url":[', '"a",', '1]}}')],
    ['short blocks of addresses', filled('{"image":[', '"a",', '1]}', 40_000)],
    ['distinct addresses', `{"image":[${numbered((i) => `"/${i}.png",`)}1]}`],
    ['objects with an @id each', `[${numbered((i) => `{"@id":"${i}","url":"${i}"},`)}1]`],
    ['dangling references', `{"image":[${numbered((i) => `{"@id":"${i}"},`)}1]}`],
    ['empty objects', filled('[', '{},', '1]')],
    ['empty lists', filled('{"image":[', '[],', '1]}')],
    ['open brackets', filled('', '[', '')],
    ['images in images', filled('', '{"image":[', '')],
    ['names', `{${numbered((i) => `"${i.toString(36)}":0,`)}"":0}`],
    ['objects of one name each', `[${numbered((i) => `{"${i.toString(36)}":0},`)}1]`],
    ['one name', filled('{"', 'k', '":1}')],
    ['one address', filled('{"image":"', 'a', '"}')],
    ['escapes', filled('{"image":"', '\\u0061', '"}')],
    ['whitespace', filled('{"image":[', ' ', '"a"]}')],
    ['no JSON', filled('[', '{},', ']')],
  ])('takes little time and memory: %s', async (_what, text) => {
    const bounds = { stallMs: 50, grownBytes: 64 * MIB };
    const { value: ms, cost } = await measureWithin(bounds, async () => {
      const start = threadMs();
      const yielder = createYielder();
      const budget = { urlsLeft: JSON_LD_URLS_MAX };
      for (let length = 0; length < 10 * MIB; length += text.length) {
        for (const image of readJsonLd(text, budget))
          if (image === null && yielder.isDue()) await yielder.yield();
      }
      return threadMs() - start;
    });
    expect(onReferenceMachine(ms)).toBeLessThan(2_000);
    expect(cost.stallMs).toBeLessThan(bounds.stallMs);
    expect(cost.grownBytes).toBeLessThan(bounds.grownBytes);
  });

  it('is a warning where it was not read whole, and none where it was', async () => {
    const warningsOf = async (html: string) => (await discoverHtml(html)).warnings;
    const list = (count: number) => block(JSON.stringify({ image: Array(count).fill('a') }));
    expect(await warningsOf(list(JSON_LD_URLS_MAX))).toEqual([]);
    const over = [
      list(JSON_LD_URLS_MAX + 1),
      // All blocks of a page share the budget.
      list(JSON_LD_URLS_MAX / 2).repeat(2) + list(1),
      block('['.repeat(1_001)),
      block(`"${'a'.repeat(JSON_LD_MAX_CHARS)}"`),
    ];
    for (const html of over) {
      expect(await warningsOf(html)).toMatchObject([{ url: PAGE, code: 'LIMIT_REACHED' }]);
    }
  });
});
