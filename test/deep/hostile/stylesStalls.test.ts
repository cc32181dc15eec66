/** CSS of ten megabytes, in a page and linked: no stall, whatever it holds. */
import { describe, expect, it } from '@jest/globals';
import { PAGE } from '../../lib/discovery/discoverHtml.ts';
import { discoverInThread } from './support/discoverInThread.ts';
import { report } from './support/figures.ts';

const LENGTH = 10_000_000;
const STALL_MS = 200;
const FOUND = new URL('found.png', PAGE).href;
const LAST = '}z{background:url(found.png)}';

const many = (piece: (index: number) => string): string => {
  const pieces: string[] = [];
  let length = 0;
  for (let index = 0; length < LENGTH; index += 1) {
    const next = piece(index);
    pieces.push(next);
    length += next.length;
  }
  return pieces.join('');
};

const STYLES: readonly (readonly [row: string, css: () => string])[] = [
  ['rules', () => many((i) => `a{background:url(${i})}`)],
  ['images in one value', () => `a{background:${many((i) => `url(${i}),`)}`],
  ['images in one image-set', () => `a{background:image-set(${many((i) => `url(${i}) 1x,`)})`],
  ['imports', () => many((i) => `@import url(${i});`)],
  ['one name', () => `a{background:${'x'.repeat(LENGTH)}`],
  ['one name of NUL bytes', () => `a{background:${'\0'.repeat(LENGTH)}`],
  ['one name of escapes', () => `a{background:${'\\62'.repeat(LENGTH / 4)}`],
  ['names of escapes', () => many(() => 'a\\41 ')],
  ['hidden addresses that are bad', () => many(() => 'a{b:\\75rl(x y)}')],
  ['one hidden address of escaped brackets', () => `a{background:\\75rl(${'\\)'.repeat(LENGTH / 2)})`],
  ['backslashes', () => `a{background:url(${'\\'.repeat(LENGTH)})`],
  ['one string', () => `a{background:"${'x '.repeat(LENGTH / 2)}"`],
  ['one address', () => `a{background:url(${'x'.repeat(LENGTH)})`],
  ['one bad address', () => `a{background:url(${'x '.repeat(LENGTH / 2)})`],
  ['one inline image', () => `a{background:url(data:image/png;base64,${'A'.repeat(LENGTH)})`],
  ['one comment', () => `a{/*${'x'.repeat(LENGTH)}*/`],
  ['digits', () => `a{b:${'1'.repeat(LENGTH)}`],
  ['brackets', () => `a{b:${'()'.repeat(LENGTH / 2)}`],
  ['colons', () => `a{b${':'.repeat(LENGTH)}`],
];

describe('H07 CSS of ten megabytes of', () => {
  it.each(STYLES)('%s', async (_row, make) => {
    const css = `${make()}${LAST}`;
    for (const [html, stylesheets] of [
      [`<style>${css}</style>`, {}],
      ['<link rel=stylesheet href=a.css>', { [new URL('a.css', PAGE).href]: css }],
    ] as const) {
      const { urls, cost } = await discoverInThread({ html, stylesheets, stallMs: STALL_MS });
      expect(urls).toContain(FOUND);
      expect(cost.stallMs).toBeLessThan(STALL_MS);
      report({ inputs: 1, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
    }
  });
});

const BASE64 = 'data:text/css;base64,';
const IN_ADDRESSES: readonly (readonly [row: string, html: string])[] = [
  ['base64', `<link rel=stylesheet href="${BASE64}${'A'.repeat(LENGTH)}">`],
  ['base64 with line ends', `<link rel=stylesheet href="${BASE64}${'A\n'.repeat(LENGTH / 2)}">`],
  [
    'percent signs with line ends',
    `<link rel=stylesheet href="data:text/css,${'%\n20'.repeat(LENGTH / 4)}">`,
  ],
  ['base64 that is imported', `<style>@import "${BASE64}${'A '.repeat(LENGTH / 2)}";</style>`],
];

describe('H07 a stylesheet in an address of ten megabytes of', () => {
  it.each(IN_ADDRESSES)('%s', async (_row, html) => {
    const page = `${html}<img src=found.png>`;
    const { urls, cost } = await discoverInThread({ html: page, stylesheets: {}, stallMs: STALL_MS });
    expect(urls).toEqual([FOUND]);
    expect(cost.stallMs).toBeLessThan(STALL_MS);
    report({ inputs: 1, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
  });
});
