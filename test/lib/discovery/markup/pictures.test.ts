import { describe, expect, it } from '@jest/globals';
import { bestIn, discoverHtml, PAGE, placesIn } from '../discoverHtml.ts';

const at = (path: string) => new URL(path, PAGE).href;
const PIXEL = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

describe('slots', () => {
  const slotsIn = async (html: string) => (await placesIn(html)).map(({ slot }) => slot);

  it.each([
    [
      'an img with all of its attributes',
      '<img src=a srcset="b 1w, c 2w" data-src=d data-srcset="e 1x">',
      [0, 0, 0, 0, 0],
    ],
    [
      'a picture',
      '<picture><source srcset="a, b 2x"><source srcset=c><img src=d></picture><img src=e>',
      [0, 0, 0, 0, 1],
    ],
    ['two imgs', '<img src=a><img src=b>', [0, 1]],
    ['a twin after', '<img src=a data-src=b><noscript><img src=c></noscript><img src=d>', [0, 0, 0, 1]],
    [
      'a twin after, with blanks and a comment between',
      '<img data-src=b> <!-- x --> <noscript> <img src=c> </noscript>',
      [0, 0],
    ],
    ['a twin before', '<body><noscript><img src=a></noscript><img data-src=b>', [0, 0]],
    [
      'twins before, in a row',
      '<body><noscript><img src=a></noscript><img data-src=b><noscript><img src=c></noscript><img data-src=d>',
      [0, 0, 1, 1],
    ],
    [
      'twins after, in a row',
      '<img data-src=a><noscript><img src=b></noscript><img data-src=c><noscript><img src=d></noscript>',
      [0, 0, 1, 1],
    ],
    [
      'the twin of a picture',
      '<picture><source data-srcset=a.jpg><img data-src=b.jpg></picture><noscript><picture><source srcset=c><img src=d></picture></noscript>',
      [0, 0, 0, 0],
    ],
    [
      'a twin in a picture',
      '<picture><img data-src=a.jpg><noscript><img src=b></noscript></picture>',
      [0, 0],
    ],
    ['a twin in an amp-img', '<amp-img src=a><noscript><img src=b></noscript></amp-img>', [0, 1]],
    [
      'the same in an amp-img',
      '<amp-img srcset="a, b 2x" data-src=c><noscript><img src=d></noscript></amp-img>',
      [0, 0, 0, 0],
    ],
    ['no twin: the img is there already', '<img src=a><noscript><img src=b></noscript>', [0, 1]],
    [
      'no twin: two images in the noscript',
      '<img data-src=a><noscript><img src=b><img src=c></noscript>',
      [0, 1, 2],
    ],
    ['no twin: something between', '<img data-src=a><p></p><noscript><img src=b></noscript>', [0, 1]],
    ['a link with its imagesrcset', '<link rel=preload as=image href=a imagesrcset="b 1x">', [0, 0]],
    ['svg with both', '<svg><image href=a xlink:href=b></image></svg>', [0, 0]],
    ['images of a style', '<style>p{background:url(a),url(b)}</style>', [0, 1]],
    ['an image-set', '<style>p{background:image-set(url(a) 1x, url(b) 2x), url(c)}</style>', [0, 0, 1]],
    ['a style beside src', '<img src=a style="background:url(b)">', [0, 1]],
    ['a style that an attribute replaces', '<div style="background:url(a)" data-bg=b.png>', [0, 0]],
    ['JSON-LD', '<script type=application/ld+json>{"image":["a","b"]}</script>', [0, 1]],
    [
      'references that come to nothing',
      '<img src="#"><img src=a><img src="javascript:x"><img src=b>',
      [0, 1],
    ],
  ])('%s', async (_what, html, expected) => {
    expect(await slotsIn(html)).toEqual(expected);
  });
});

describe('the best candidate', () => {
  it.each([
    ['the largest by w', '<img src=a srcset="b 300w, c 1200w, d 600w">', ['c']],
    ['else by x', '<img src=a srcset="b 1x, c 3x, d 2x">', ['c']],
    ['w before x', '<picture><source srcset="a 2x"><img srcset="b 100w"></picture>', ['b']],
    ['a lazy attribute before its stand-in', '<img src=a data-src=b>', ['b']],
    ['the same whatever the order', '<img data-src=b src=a>', ['b']],
    ['the larger lazy candidate', '<img src=a srcset="a 100w" data-srcset="b 100w, c 200w">', ['c']],
    ['the lazy one of two that are alike', '<img srcset="a 100w" data-srcset="b 100w">', ['b']],
    ['else the first', '<picture><source srcset=a><source srcset=b><img src=c></picture>', ['a']],
    ['anything before a tiny data: image', `<img src="${PIXEL}" srcset="a 1x">`, ['a']],
    ['the background that a script puts in', '<p style="background:url(a)" data-bg=b.png>', ['b.png']],
    ['one of each slot', '<img src=a><img src=b srcset="c 2x">', ['a', 'c']],
    ['what is best anywhere', '<img src=a srcset="b 2x"><img src=a>', ['a', 'b']],
    ['of what resolves', '<img src=a srcset="http://[ 2x">', ['a']],
    ['of an image-set', '<style>p{background:image-set(url(a) 96dpi, url(b) 2dppx)}</style>', ['b']],
  ])('is %s', async (_what, html, expected) => {
    expect(await bestIn(html)).toEqual(expected.map(at));
  });
});

describe('what tells a stand-in', () => {
  const flags = async (html: string) =>
    (await discoverHtml(html)).candidates.map(({ hasAlternative, isLazyElement }) => [
      hasAlternative,
      isLazyElement,
    ]);

  it.each([
    ['a data: image alone', `<img src="${PIXEL}">`, [[false, false]]],
    [
      'beside srcset',
      `<img src="${PIXEL}" srcset=a>`,
      [
        [true, false],
        [true, false],
      ],
    ],
    [
      'beside a lazy attribute',
      `<img src="${PIXEL}" data-src=a>`,
      [
        [true, true],
        [true, true],
      ],
    ],
    [
      'in a picture',
      `<picture><source srcset=a><img src="${PIXEL}"></picture>`,
      [
        [true, false],
        [true, false],
      ],
    ],
    [
      'before a noscript',
      `<img src="${PIXEL}"><noscript><img src=a></noscript>`,
      [
        [true, false],
        [true, false],
      ],
    ],
    [
      'in two places, once alone',
      `<img src="${PIXEL}" data-src=a><img src="${PIXEL}">`,
      [
        [false, true],
        [true, true],
      ],
    ],
    ['beside the same again', '<img src=a data-src=a>', [[false, true]]],
    [
      'in the style of an img',
      `<img src=a style="background:url(${PIXEL})">`,
      [
        [true, false],
        [true, false],
      ],
    ],
    [
      'in a style element',
      `<style>p{background:url(${PIXEL})}q{background:url(a)}</style>`,
      [
        [false, false],
        [false, false],
      ],
    ],
    ['beside a reference that comes to nothing', `<img src="${PIXEL}" data-src="#">`, [[false, true]]],
  ])('%s', async (_what, html, expected) => {
    expect(await flags(html)).toEqual(expected);
  });
});
