import { describe, expect, it } from '@jest/globals';
import { PLACES_LISTED } from '../../../lib/domain/model.ts';
import { discoverHtml, PAGE, placesIn, urlsIn } from './discoverHtml.ts';

const at = (path: string) => new URL(path, PAGE).href;
const PIXEL = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
const PIXEL_URL = 'data:image/gif;sha256,ef1955ae757c8b966c83248350331bd3';

describe('what counts as an image', () => {
  it.each([
    ['<img src=a.png>', ['a.png'], 'img', 'src'],
    ['<IMG SRC="a.png">', ['a.png'], 'img', 'src'],
    ['<image src=a.png>', ['a.png'], 'img', 'src'],
    ['<img src=" a.png\n">', ['a.png'], 'img', 'src'],
    ['<img src="a\n.png">', ['a.png'], 'img', 'src'],
    ['<img src=a.png src=b.png>', ['a.png'], 'img', 'src'],
    ['<img src="&#104;ttp://x.test/a.png">', ['http://x.test/a.png'], 'img', 'src'],
    ['<img src="http&colon;//x.test/a.png">', ['http://x.test/a.png'], 'img', 'src'],
    ['<img src="//x.test/a">', ['http://x.test/a'], 'img', 'src'],
    ['<img src="http:\\\\x.test">', ['http://x.test/'], 'img', 'src'],
    ['<img src="?">', ['page.html?'], 'img', 'src'],
    ['<img src="a.png#x">', ['a.png'], 'img', 'src'],
    ['<img src="ä.png?ä">', ['%C3%A4.png?%C3%A4'], 'img', 'src'],
    ['<img srcset="a.png 1x, b.png 2x">', ['a.png', 'b.png'], 'img', 'srcset'],
    ['<img srcset="a.png 1x 2w, b.png 2x">', ['b.png'], 'img', 'srcset'],
    ['<picture><source srcset="a.png, b.png 2x"></picture>', ['a.png', 'b.png'], 'source', 'srcset'],
    ['<picture><source data-srcset="a.png 300w"></picture>', ['a.png'], 'source', 'data-srcset'],
    ['<amp-img src=a.png></amp-img>', ['a.png'], 'amp-img', 'src'],
    ['<amp-img srcset="a.png 1x"></amp-img>', ['a.png'], 'amp-img', 'srcset'],
    ['<noscript><img src=a.png></noscript>', ['a.png'], 'img', 'src'],
    ['<head><noscript><img src=a.png></noscript></head>', ['a.png'], 'img', 'src'],
    ['<input type=image src=a>', ['a'], 'input', 'src'],
    ['<input type=IMAGE src=a>', ['a'], 'input', 'src'],
    ['<video poster=a></video>', ['a'], 'video', 'poster'],
    ['<object data=a type=image/svg+xml></object>', ['a'], 'object', 'data'],
    ['<object data=a.svg></object>', ['a.svg'], 'object', 'data'],
    ['<embed src=a type=image/png>', ['a'], 'embed', 'src'],
    ['<embed src=a.PNG?x>', ['a.PNG?x'], 'embed', 'src'],
    ['<svg><image href=a></svg>', ['a'], 'image', 'href'],
    ['<svg><image xlink:href=a></image></svg>', ['a'], 'image', 'xlink:href'],
    ['<svg><foreignObject><img src=a.png></foreignObject></svg>', ['a.png'], 'img', 'src'],
    ['<body background=a>', ['a'], 'body', 'background'],
    ['<table background=a><tr><td></table>', ['a'], 'table', 'background'],
    ['<table><tr background=a><td></table>', ['a'], 'tr', 'background'],
    ['<table><tr><td background=a></table>', ['a'], 'td', 'background'],
    ['<table><tr><th background=a></table>', ['a'], 'th', 'background'],
    ['<div style="background: url(a)"></div>', ['a'], 'div', 'background'],
    ['<div style="background-image: image-set(&quot;a&quot; 1x)"></div>', ['a'], 'div', 'background-image'],
    ['<style>.a{cursor:url(a)}</style>', ['a'], 'style', 'cursor'],
    ['<style><![CDATA[.a{cursor:url(a)}]]></style>', ['a'], 'style', 'cursor'],
    ['<style type="TEXT/CSS">.a{cursor:url(a)}</style>', ['a'], 'style', 'cursor'],
    ['<svg><style>.a{cursor:url(a)}</style></svg>', ['a'], 'style', 'cursor'],
    ['<link rel=icon href=a>', ['a'], 'link', 'href'],
    ['<link rel="SHORTCUT ICON" href=a>', ['a'], 'link', 'href'],
    ['<link rel=apple-touch-icon href=a>', ['a'], 'link', 'href'],
    ['<link rel=mask-icon href=a>', ['a'], 'link', 'href'],
    ['<link rel=image_src href=a>', ['a'], 'link', 'href'],
    ['<link itemprop=image href=a>', ['a'], 'link', 'href'],
    ['<link rel=preload as=image href=a>', ['a'], 'link', 'href'],
    ['<link rel=preload as=image imagesrcset="a 1x, b 2x">', ['a', 'b'], 'link', 'imagesrcset'],
    ['<meta property=og:image content=a>', ['a'], 'meta', 'og:image'],
    ['<meta name=OG:Image content=a>', ['a'], 'meta', 'og:image'],
    ['<meta property="dc:image og:image:url" content=a>', ['a'], 'meta', 'og:image:url'],
    ['<meta property=og:image:secure_url content=a>', ['a'], 'meta', 'og:image:secure_url'],
    ['<meta name=twitter:image content=a>', ['a'], 'meta', 'twitter:image'],
    ['<meta name=twitter:image:src content=a>', ['a'], 'meta', 'twitter:image:src'],
    ['<meta name=msapplication-tileimage content=a>', ['a'], 'meta', 'msapplication-TileImage'],
    ['<meta itemprop=image content=a>', ['a'], 'meta', 'image'],
    ['<span itemprop="name image" content=a></span>', ['a'], 'span', 'image'],
    ['<script type="application/ld+json">{"logo":"a"}</script>', ['a'], 'script', 'logo'],
    ['<script type="Application/LD+JSON; charset=utf-8">{"image":"a"}</script>', ['a'], 'script', 'image'],
  ])('%s', async (html, expected, element, attribute) => {
    const { candidates } = await discoverHtml(html);
    expect(candidates.map(({ url }) => url)).toEqual(expected.map(at));
    for (const { places } of candidates) expect(places[0]).toMatchObject({ element, attribute, slot: 0 });
  });

  it.each([
    'data-src',
    'data-lazy-src',
    'data-original',
    'data-lazy',
    'data-image',
    'data-orig-file',
    'data-large-file',
    'data-medium-file',
    'data-full-src',
    'data-hi-res-src',
    'data-delayed-url',
    'data-cfsrc',
    'data-ezsrc',
    'data-pagespeed-lazy-src',
    'data-flickity-lazyload',
    'data-thumb',
    'data-img-url',
    'lazysrc',
    'data-bg',
    'data-background-image',
  ])('an image in %s, on any element', async (attribute) => {
    for (const html of [
      `<img ${attribute}=/cdn/a>`,
      `<p ${attribute}=a.jpg?w=1>`,
      `<p ${attribute}=${PIXEL}>`,
    ]) {
      const { candidates } = await discoverHtml(html);
      expect(candidates).toHaveLength(1);
      expect(candidates[0]).toMatchObject({ isLazyElement: true, places: [{ attribute }] });
    }
    expect(await urlsIn(`<p ${attribute}=a.mp4><p ${attribute}=/a><p ${attribute}="a b.jpg c">`)).toEqual([]);
  });

  it.each(['data-srcset', 'data-lazy-srcset', 'data-original-set', 'data-bgset'])(
    'the candidates in %s, on any element',
    async (attribute) => {
      for (const element of ['img', 'p']) {
        expect(await urlsIn(`<${element} ${attribute}="a.jpg 1w, b.jpg 2w">`)).toEqual([
          at('a.jpg'),
          at('b.jpg'),
        ]);
      }
    },
  );

  it('bgset with media queries between', async () => {
    const bgset = 'a.jpg 300w, b.jpg 600w [(max-width: 3em)] | c.jpg [--wide] | d.jpg';
    expect(await urlsIn(`<p data-bgset="${bgset}">`)).toEqual(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'].map(at));
  });

  it('backgrounds written as CSS', async () => {
    expect(await placesIn(`<p data-bg="url('/a'), image-set(url(b) 2x)">`)).toEqual([
      { element: 'p', attribute: 'data-bg', slot: 0 },
      { element: 'p', attribute: 'data-bg', slot: 0, descriptor: '2x' },
    ]);
  });

  it.each([
    '<!-- <img src=a.png> -->',
    '<template><img src=a.png></template>',
    '<template><template><img src=a.png></template><img src=b.png></template>',
    '<script>document.write("<img src=a.png>")</script>',
    '<script type="application/json">{"image":"a.png"}</script>',
    '<textarea><img src=a.png></textarea>',
    '<title><img src=a.png></title>',
    '<iframe><img src=a.png></iframe>',
    '<noframes><img src=a.png></noframes>',
    '<xmp><img src=a.png></xmp>',
    '<a href=a.png>a.png</a>',
    '<a itemprop=image href=a.png>x</a>',
    '<svg><use href=a.svg></use><a href=a.png></a></svg>',
    '<video src=a.mp4><source src=a.png srcset=b.png></video>',
    '<source srcset=a.png>',
    '<input src=a.png>',
    '<input type=text src=a.png>',
    '<iframe src=a.png></iframe>',
    '<object data=a.svg type=text/html></object>',
    '<object data=a></object>',
    '<embed src=a.swf>',
    '<link rel=canonical href=a.png>',
    '<link rel=preload as=script href=a.png>',
    '<meta property=og:video content=a.png>',
    '<meta property=og:image>',
    '<style type=text/less>.a{cursor:url(a.png)}</style>',
    '<style>@font-face{src:url(a.png)}</style>',
    '<p data-unknown=a.png>',
    '<img src="">',
    '<img src=" ">',
    '<img src="#">',
    '<img src="#x">',
    '<img src="page.html">',
    '<img src="page.html#x">',
    '<img src="http://[">',
    '<img src="javascript:void(0)">',
    '<img src="about:blank">',
    '<img src="blob:http://page.test/x">',
    '<img src="file:///a.png">',
    '<img src="ftp://page.test/a.png">',
    '<img src="data:image/png;base64,!">',
    '<img src="data:image/png">',
    '<object data="data:text/html,x"></object>',
    '<p data-src="data:text/plain,x">',
    '<style>.a{background:url()} .b{background:url(#x)}</style>',
    '<img data-lazy=true><img data-original=1><img data-image="{&quot;a&quot;:1}"><img data-src="a_{width}.jpg">',
    '<p background=red>',
  ])('not: %s', async (html) => {
    expect(await urlsIn(html)).toEqual([]);
  });

  it('is not the page itself, by its requested URL or its final one', async () => {
    const world = { url: 'http://page.test/old', finalUrl: 'http://page.test/new' };
    expect(await urlsIn('<img src=old><img src=new><img src="/new#x"><img src=other>', world)).toEqual([
      'http://page.test/other',
    ]);
  });

  it('keeps URLs with credentials, and very long ones, for the caller to refuse', async () => {
    const long = `http://page.test/${'a'.repeat(10_000)}`;
    expect(await urlsIn(`<img src=http://u:p@x.test/a.png><img src=${long}>`)).toEqual([
      'http://u:p@x.test/a.png',
      long,
    ]);
  });

  it('takes data: images with their bytes', async () => {
    const { candidates } = await discoverHtml(`<img src="${PIXEL}"><img src="data:,x">`);
    expect(candidates.map(({ url, data }) => [url, data?.length])).toEqual([
      [PIXEL_URL, 42],
      ['data:text/plain;sha256,2d711642b726b04401627ca9fbac32f5', 1],
    ]);
  });

  it('decodes the page by its encoding and resolves with UTF-8', async () => {
    const html = Buffer.from('<img src="\xe9.png?\xe9">', 'latin1');
    expect(await urlsIn(html, { contentType: 'text/html; charset=latin1' })).toEqual([
      at('%C3%A9.png?%C3%A9'),
    ]);
  });
});

describe('the base URL', () => {
  it.each([
    ['<base href="/b/"><img src=a>', 'http://page.test/b/a'],
    ['<img src=a><p><base href="/b/">', 'http://page.test/b/a'],
    ['<base target=x><base href="/b/"><base href="/c/"><img src=a>', 'http://page.test/b/a'],
    ['<base href="http://x.test/y"><img src=a>', 'http://x.test/a'],
    ['<base href="/b/#c/d"><img src=a>', 'http://page.test/b/a'],
    ['<base href="http://127.0.0.1/"><img src=a>', 'http://127.0.0.1/a'],
    ['<base href="http://["><base href="/c/"><img src=a>', at('a')],
    ['<base href="javascript:x"><img src=a>', at('a')],
    ['<base href="data:text/html,x"><img src=a>', at('a')],
    ['<base href=""><img src=a>', at('a')],
    ['<base href="?x"><img src=a>', at('a')],
    ['<template><base href="/b/"></template><img src=a>', at('a')],
    ['<svg><base href="/b/"></base></svg><img src=a>', at('a')],
    [`<base href="/${'b'.repeat(9_000)}/"><img src=a>`, at('a')],
  ])('%s', async (html, url) => {
    expect(await urlsIn(html)).toEqual([url]);
  });

  it('makes nothing of relative references under file:', async () => {
    expect(await urlsIn('<base href="file:///x/"><img src=a><img src=http://x.test/b>')).toEqual([
      'http://x.test/b',
    ]);
  });

  it('is the final URL without a base', async () => {
    const world = { url: 'http://page.test/a/b', finalUrl: 'http://other.test/c/d?x#y' };
    expect(await urlsIn('<img src=i.png>', world)).toEqual(['http://other.test/c/i.png']);
  });
});

describe('order and places', () => {
  it('is document order, each URL once, every place kept', async () => {
    const html =
      '<img src=b><style>p{background:url(a)}</style><img src=c data-src=b#x alt=" two "><img src=a>';
    const { candidates } = await discoverHtml(html);
    expect(candidates.map(({ url, places }) => [url, places])).toEqual([
      [
        at('b'),
        [
          { element: 'img', attribute: 'src', slot: 0 },
          { element: 'img', attribute: 'data-src', slot: 2, alt: 'two' },
        ],
      ],
      [
        at('a'),
        [
          { element: 'style', attribute: 'background', slot: 1 },
          { element: 'img', attribute: 'src', slot: 3 },
        ],
      ],
      [at('c'), [{ element: 'img', attribute: 'src', slot: 2, alt: 'two' }]],
    ]);
  });

  it('keeps so many places and no more', async () => {
    const { candidates } = await discoverHtml('<img src=a>'.repeat(PLACES_LISTED + 1));
    expect(candidates[0]?.places).toHaveLength(PLACES_LISTED);
  });

  it('cuts a long alt without leaving half a character', async () => {
    const [place] = await placesIn(`<img src=a alt="${'x'.repeat(199)}😀">`);
    expect(place?.alt).toHaveLength(200);
    expect(place?.alt?.isWellFormed()).toBe(true);
  });

  it('lists no name or descriptor of a megabyte', async () => {
    const long = 'a'.repeat(1_000_000);
    const html = `<x-${long} data-bg=a.png></x-${long}><p style="--${long}:url(b)"><img srcset="c 1${'0'.repeat(1_000_000)}w">`;
    expect(JSON.stringify(await placesIn(html)).length).toBeLessThan(2_000);
  });
});
