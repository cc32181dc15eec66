import { describe, expect, it } from '@jest/globals';
import { readCss } from '../../../../lib/discovery/css/css.ts';
import { shortenLongTokens } from '../../../../lib/discovery/css/cssLongTokens.ts';

const LONG = 'A'.repeat(5_000);
const textOf = (css: string): string => {
  const steps = shortenLongTokens(css);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value.text;
  }
};
const urlsIn = (css: string) =>
  [...readCss(css, 'stylesheet', { faultsLeft: 100 })].flatMap((found) =>
    found?.kind === 'image' ? [found.url] : [],
  );

describe('shortenLongTokens', () => {
  it.each([
    ['a quoted address', `a{background:url("data:,${LONG}")}`, [`data:,${LONG}`]],
    ['an address without quotes', `a{background:url( data:,${LONG} )}`, [`data:,${LONG} `]],
    ['an address in an image-set', `a{background:image-set('data:,${LONG}' 1x)}`, [`data:,${LONG}`]],
    ['what stands behind', `a{background:url(data:,${LONG});mask:url(b)}`, [`data:,${LONG}`, 'b']],
  ])('gives back %s as it was written', (_what, css, urls) => {
    expect(textOf(css).length).toBeLessThan(200);
    expect(urlsIn(css).map((url) => url.trim())).toEqual(urls.map((url) => url.trim()));
  });

  it('resolves the escapes and NUL bytes of what is long as of what is short', () => {
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
  ])('is not led astray by %s', (_what, css, count) => {
    expect(urlsIn(css)).toEqual(Array<string>(count).fill('x'));
  });

  it('leaves ordinary CSS alone', () => {
    const css = `${'a{background:url("b.png")}'.repeat(1_000)}`;
    expect(textOf(css)).toBe(css);
  });
});
