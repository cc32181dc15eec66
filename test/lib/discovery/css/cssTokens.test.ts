import { describe, expect, it } from '@jest/globals';
import { readCss } from '../../../../lib/discovery/css/css.ts';
import { createCssTokens } from '../../../../lib/discovery/css/cssTokens.ts';

const LONG = 'A'.repeat(5_000);
const urlsIn = (css: string) =>
  [...readCss(css, 'stylesheet')].flatMap((found) => (found?.kind === 'image' ? [found.url] : []));

describe('what is long', () => {
  it.each([
    ['a quoted address', `a{background:url("data:,${LONG}")}`, [`data:,${LONG}`]],
    ['an address without quotes', `a{background:url( data:,${LONG} )}`, [`data:,${LONG} `]],
    ['an address in an image-set', `a{background:image-set('data:,${LONG}' 1x)}`, [`data:,${LONG}`]],
    ['what stands behind', `a{background:url(data:,${LONG});mask:url(b)}`, [`data:,${LONG}`, 'b']],
  ])('is read as it was written: %s', (_what, css, urls) => {
    expect(urlsIn(css).map((url) => url.trim())).toEqual(urls.map((url) => url.trim()));
  });

  it('has its escapes and NUL bytes resolved as what is short', () => {
    const escapes = "\\\\\\41 b\\41\\\na\\'\\0\\110000 \0";
    const meant = `\\Ab${'A'}a'\ufffd\ufffd\ufffd`;
    for (const times of [1, 1_000]) {
      const [url] = urlsIn(`a{background:url("${escapes.repeat(times)}")}`);
      expect(url).toBe(meant.repeat(times));
    }
  });

  it.each([
    ['an apostrophe in an address', `a{mask:url(it's.png)}${'b{background:url(x)}'.repeat(300)}c{d:e'}`, 300],
    ['a bad address', `a{mask:url(b c${LONG})}b{background:url(x)}`, 1],
    ['a string that a line end breaks off', `a{b:"${LONG}\n}b{background:url(x)}`, 1],
    ['a comment', `/*"'url(${LONG}*/b{background:url(x)}`, 1],
    ['an escaped quote', `a{b:"\\"${LONG}"}b{background:url(x)}`, 1],
    ['a name', `.${LONG}{background:url(x)}`, 1],
    ['a name of escapes', `.${'\\41 '.repeat(3_000)}{background:url(x)}`, 1],
    ['the end', `b{background:url(x)}a{b:"${LONG}`, 1],
    ['a backslash at the end', `b{background:url(x)}a{b:"${LONG}\\`, 1],
  ])('leads nothing astray: %s', (_what, css, count) => {
    expect(urlsIn(css)).toEqual(Array<string>(count).fill('x'));
  });
});

const kindsOf = (css: string) => {
  const tokens = createCssTokens(css);
  const kinds: string[] = [];
  for (let token = tokens.next(); token !== null; token = tokens.next())
    kinds.push(`${token.kind} ${token.value}`.trim());
  return kinds;
};

describe('the tokens of a text', () => {
  it('are the same wherever the tokenizer is stopped in between', () => {
    const part = 'a{b:url(c) "d" 1px;--e:f}/*g*/@media h{';
    const some = kindsOf(part);
    for (const before of ['', ';', ';;', ';'.repeat(300)])
      expect(kindsOf(before + part.repeat(200))).toEqual([
        ...kindsOf(before),
        ...Array.from({ length: 200 }, () => some).flat(),
      ]);
  });

  it('keep a byte order mark in the middle, where the tokenizer would begin again', () => {
    const filler = ';'.repeat(511);
    expect(kindsOf(`${filler};\ufeffa`).at(-1)).toBe('ident \ufeffa');
  });

  // CSS Syntax section 4.3.4: it is the name that counts, however it is written.
  it.each([
    ['\\75rl(a.png)', ['url a.png']],
    ['\\75 rl( a.png )', ['url a.png']],
    ['u\\52 L(a\\)b)c', ['url a)b', 'ident c']],
    ['\\75rl(a b)c', ['bad', 'ident c']],
    ['\\75rl(a', ['url a']],
    ['\\75rl("a.png")', ['function url', 'string a.png', ')']],
    ["\\75rl( 'a.png')", ['function url', 'whitespace', 'string a.png', ')']],
    ['\\75rlx(a)', ['function urlx', 'ident a', ')']],
  ])('know an address whose name is written with escapes: %s', (css, tokens) => {
    expect(kindsOf(css)).toEqual(tokens);
  });

  it.each([
    ['url(a b\\0)c', ['bad', 'ident c']],
    ['url(a b\\))c', ['bad', 'ident c']],
    ['url(a"\\)b\\\\)c', ['bad', 'ident c']],
  ])('end a bad address at its first bracket that is not escaped: %s', (css, tokens) => {
    expect(kindsOf(css)).toEqual(tokens);
  });

  it.each([
    ['an open comment', 'a/*', true],
    ['one that only looks closed', 'a/*/', true],
    ['a closed comment', 'a/**/', false],
    ['a text behind it', 'a/*b*/c', false],
  ])('say how the text ends: %s', (_, css, isOpen) => {
    const tokens = createCssTokens(css);
    while (tokens.next() !== null);
    expect(tokens.endsInComment()).toBe(isOpen);
  });
});
