import { describe, expect, it } from '@jest/globals';
import { readJsonLd } from '../../../lib/page/jsonLd.ts';

const imagesOf = (text: string) => [...readJsonLd(text)].filter((image) => image !== null);
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

  it('reads however deep, and however long a list', () => {
    const depth = 100_000;
    const nested = `${'{"image":['.repeat(depth)}"a.png"${']}'.repeat(depth)}`;
    expect(imagesOf(nested)).toEqual([{ key: 'image', url: 'a.png' }]);
    expect(imagesOf(JSON.stringify({ image: { url: Array(300_000).fill('a.png') } }))).toHaveLength(300_000);
  });
});
