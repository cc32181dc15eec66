import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { discoverHtml, PAGE, urlsIn } from '../../lib/discovery/discoverHtml.ts';
import { threadMs } from '../../support/processorTime.ts';
import { measureWithin } from '../hostile/support/meter.ts';

const at = (path: string) => new URL(path, PAGE).href;
const numbered = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => piece(index)).join('');
const IMAGE = '<img src=found.png>';

/** Of processor time. Generous: what is not linear takes minutes. */
const LIMIT_MS = 8_000;

describe('discovery on hostile markup', () => {
  it.each([
    ['nested elements', () => `${'<div>'.repeat(240_000)}${IMAGE}`],
    ['unclosed formatting', () => `${'<b>'.repeat(100_000)}${IMAGE}`],
    ['unclosed formatting of many kinds', () => `${numbered(100_000, (i) => `<b a=${i}>`)}${IMAGE}`],
    ['links around paragraphs', () => `${'<a><p>'.repeat(20_000)}${IMAGE}`],
    ['nested tables', () => `${'<table><tr><td>'.repeat(20_000)}${IMAGE}`],
    ['foster parenting', () => `<table>${'<b>'.repeat(100_000)}${IMAGE}`],
    ['foster parenting with text', () => `<table>${'x<i>y</i>'.repeat(100_000)}${IMAGE}`],
    ['a million attributes', () => `<p ${numbered(1_000_000, (i) => `a${i} `)}>${IMAGE}`],
    ['bodies with attributes', () => `${numbered(50_000, (i) => `<body a${i}>`)}${IMAGE}`],
    ['attributes that are styles', () => `${'<p style="background:url(x) url(">'.repeat(50_000)}${IMAGE}`],
    ['nested noscript', () => `<body>${'<noscript>'.repeat(100_000)}${IMAGE}`],
    ['twins', () => `<body>${'<img data-src=x><noscript><img src=x></noscript>'.repeat(50_000)}${IMAGE}`],
    ['nested pictures', () => `${'<picture>'.repeat(100_000)}${IMAGE}`],
    ['nested svg', () => `${'<svg><g>'.repeat(100_000)}</svg>${IMAGE}`],
    ['nested templates', () => `${'<template>'.repeat(50_000)}${'</template>'.repeat(50_000)}${IMAGE}`],
    ['a srcset of many', () => `<img srcset="${numbered(100_000, (i) => `${i} ${i + 1}w,`)}">${IMAGE}`],
    ['a srcset of commas', () => `<img srcset="${','.repeat(5_000_000)}">${IMAGE}`],
    ['one image again and again', () => `${'<img src=x>'.repeat(100_000)}${IMAGE}`],
    ['a megabyte of address', () => `<img src="${'a'.repeat(5_000_000)}">${IMAGE}`],
    ['open brackets', () => `${'<'.repeat(5_000_000)}a>${IMAGE}`],
    ['comments', () => `${'<!--'.repeat(100_000)}-->${IMAGE}`],
    ['ends', () => `${'</'.repeat(1_000_000)}>${IMAGE}`],
    ['ampersands', () => `${'&'.repeat(1_000_000)}${IMAGE}`],
    ['NULs', () => `${'\0'.repeat(1_000_000)}${IMAGE}`],
    ['line ends', () => `${'\r\n'.repeat(1_000_000)}${IMAGE}`],
    ['deep JSON-LD', () => `<script type="application/ld+json">${'['.repeat(1_000_000)}</script>${IMAGE}`],
    ['deep CSS', () => `<style>${'a{'.repeat(1_000_000)}</style>${IMAGE}`],
    [
      'a long base',
      () => `<base href="/dir/${'b'.repeat(5_000_000)}/../">${'<img src=x>'.repeat(10_000)}${IMAGE}`,
    ],
    ['many bases', () => `<base href=/dir/>${'<base href=/x/>'.repeat(100_000)}${IMAGE}`],
  ])('is linear in %s', async (_what, page) => {
    const html = Buffer.from(page());
    const start = threadMs();
    const urls = await urlsIn(html);
    expect(threadMs() - start).toBeLessThan(LIMIT_MS);
    expect(urls).toContain(at('found.png'));
  });

  it.each([
    ['a CDATA section', `${'<![CDATA['.repeat(100_000)}`],
    ['an unclosed attribute', `<img src="${'a'.repeat(1_000_000)}`],
    ['nothing', ''],
    ['blanks', ' \n'.repeat(1_000_000)],
    ['bytes', Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7_919) % 251))],
  ])('ends on %s', async (_what, html) => {
    const start = threadMs();
    await discoverHtml(html);
    expect(threadMs() - start).toBeLessThan(LIMIT_MS);
  });

  it('refuses markup that multiplies', async () => {
    const html = `<p>${numbered(3_000, (i) => `<b a=${i}>`)}</p>${'<p>x</p>'.repeat(100_000)}`;
    await expect(discoverHtml(html)).rejects.toMatchObject({ code: 'CONTENT_UNSUPPORTED' });
  });

  it('refuses markup that is nested deeper than any page', async () => {
    const html = `${'<div>'.repeat(1_000_000)}${IMAGE}`;
    await expect(discoverHtml(html)).rejects.toMatchObject({ code: 'CONTENT_UNSUPPORTED' });
  });

  it('refuses addresses that multiply', async () => {
    const html = `<base href="/${'b'.repeat(8_000)}/">${numbered(20_000, (i) => `<img src=${i}>`)}`;
    await expect(discoverHtml(html)).rejects.toMatchObject({ code: 'CONTENT_UNSUPPORTED' });
  });

  it('reads on behind a million broken strings of CSS', async () => {
    const { candidates, warnings } = await discoverHtml(
      `<style>${'"\n'.repeat(1_000_000)}}a{background:url(b)}</style>${IMAGE}`,
    );
    expect(candidates).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  it('keeps every image, however many: limits are the caller’s', async () => {
    const { candidates } = await discoverHtml(numbered(300_000, (i) => `<img src=${i}>`));
    expect(candidates).toHaveLength(300_000);
  });

  it('reads what is cut in the middle of a character', async () => {
    const bytes = Buffer.concat([Buffer.from('<img src=a.png>é').subarray(0, -1)]);
    expect(await urlsIn(bytes, { contentType: 'text/html; charset=utf-8' })).toEqual([at('a.png')]);
  });

  it('lets others run while it reads ten megabytes', async () => {
    const block = `<div class=x><p>Some text <a href=/x>with a link</a></p><img src=a.png alt=x></div>\n`;
    const html = Buffer.from(block.repeat(Math.floor((10 * 1024 * 1024) / block.length)));
    const { cost } = await measureWithin({ stallMs: 200 }, () => discoverHtml(html));
    expect(cost.stallMs).toBeLessThan(200);
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const html = '<p><img src=a.png>'.repeat(300_000);
    await expect(discoverHtml(html, { signal })).rejects.toThrow('enough');
  });

  it('never throws, and names only absolute http(s) and data: URLs', async () => {
    const piece = fc.constantFrom(
      '<img src=',
      '<img data-src=',
      '<picture>',
      '<source srcset=',
      '<noscript>',
      '</noscript>',
      '<base href=',
      '<style>',
      '</style>',
      '<script type="application/ld+json">',
      '</script>',
      '<svg>',
      '<image href=',
      '<table>',
      '<p style="background:url(',
      '<template>',
      '<b>',
      '<a>',
      '"',
      "'",
      '>',
      '</',
      '&amp;',
      '{"image":"a"}',
      '//x.test/a',
      'http://[',
      'data:,x',
      'a.png 2x, b.png',
      '\0',
      '\n',
      '😀',
      ' ',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
    );
    const page = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
    );
    await fc.assert(
      fc.asyncProperty(page, async (html) => {
        for (const { url, places } of (await discoverHtml(html)).candidates) {
          expect(url).toMatch(/^(?:https?:\/\/[^#]+|data:[^,]*;sha256,[0-9a-f]{32})$/);
          expect(places.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
