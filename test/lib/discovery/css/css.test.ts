import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CssContext, readCss } from '../../../../lib/discovery/css/css.ts';
import { processorTimeOf } from '../../../support/processorTime.ts';

const read = (css: string, context: CssContext = 'stylesheet') =>
  [...readCss(css, context)].filter((found) => found !== null);
/** `property url` of images, `@import url` of imports. */
const names = (css: string, context?: CssContext) =>
  read(css, context).map((found) =>
    found.kind === 'image' ? `${found.property} ${found.url}` : `@import ${found.url}`,
  );
const urls = (declarations: string) => read(declarations, 'declarations').map(({ url }) => url);

describe('readCss', () => {
  it.each([
    'background',
    'background-image',
    'border-image',
    'border-image-source',
    'content',
    'cursor',
    'list-style',
    'list-style-image',
    'mask',
    'mask-border',
    'mask-border-source',
    'mask-image',
    'shape-outside',
    '-webkit-border-image',
    '-webkit-box-reflect',
    '-webkit-mask',
    '-webkit-mask-box-image',
    '-webkit-mask-image',
    'BACKGROUND',
    '--hero',
  ])('reads images of %s', (property) => {
    const name = property.startsWith('--') ? property : property.toLowerCase();
    expect(names(`.a { ${property}: url(a.png) }`)).toEqual([`${name} a.png`]);
  });

  it.each(['color', 'filter', 'clip-path', 'behavior', 'src', 'offset-path', 'fill', 'backgrounds'])(
    'reads nothing of %s',
    (property) => {
      expect(names(`.a { ${property}: url(a.png) }`)).toEqual([]);
    },
  );

  it.each([
    ['background: url(a.png)', ['a.png']],
    ['background: URL( a.png )', ['a.png']],
    ['background: url("a.png")', ['a.png']],
    ["background: url( 'a.png' )", ['a.png']],
    ['background: src("a.png")', ['a.png']],
    ['background: url(a.png), url(b.png) no-repeat', ['a.png', 'b.png']],
    ['background: red url(a.png', ['a.png']],
    ['background: url("a.png', ['a.png']],
    ['background: url(a\\.png)', ['a.png']],
    ['background: url(\\61 .png)', ['a.png']],
    ['background: url("a\\\nb.png")', ['ab.png']],
    ['background: \\75rl(a.png)', ['a.png']],
    ['b\\61 ckground: url(a.png)', ['a.png']],
    ['background: url(a"b.png)', []],
    ['background: url(a b.png)', []],
    ['background: url(a b.png); cursor: url(c.cur)', ['c.cur']],
    ['background: url("a\nb.png"); cursor: url(c.cur)', []],
    ['background: url(a.png), url(b c.png)', []],
    ['background: /* url(a.png) */ url(b.png)', ['b.png']],
    ['/* background: url(a.png) */', []],
    ['background: "a.png"', []],
    ['content: "a.png" url(b.png)', ['b.png']],
    ['background: cross-fade(url(a.png), url(b.png), 50%)', ['a.png', 'b.png']],
    ['background: var(--x, url(a.png))', ['a.png']],
    ['background: linear-gradient(red, blue), url(a.png)', ['a.png']],
    ['*background: url(a.png)', []],
    ['background url(a.png)', []],
    ['color: red; background: url(a.png)', ['a.png']],
    ['background: url(a.png) !important', ['a.png']],
    ['--x: { background: url(a.png) }', ['a.png']],
    ['background: url()', ['']],
  ])('reads the declarations %j', (css, expected) => {
    expect(urls(css)).toEqual(expected);
  });

  it.each([
    ['.a{background:url(a.png)}.b{background:url(b.png)}', ['background a.png', 'background b.png']],
    ['a:hover{background:url(a.png)}', ['background a.png']],
    ['background:hover{cursor:url(a.png)}', ['cursor a.png']],
    ['.a:not(.b;{}){background:url(a.png)}', ['background a.png']],
    ['.a[b="}{"]{background:url(a.png)}', ['background a.png']],
    ['@media print{.a{background:url(a.png)}}', ['background a.png']],
    ['@supports (background: url(x.png)){.a{background:url(a.png)}}', ['background a.png']],
    ['.a{color:red;&:hover{background:url(a.png)}cursor:url(b.png)}', ['background a.png', 'cursor b.png']],
    ['.a{b:hover{background:url(a.png)}}', ['background a.png']],
    ['@font-face{font-family:x;src:url(a.woff)}.a{background:url(a.png)}', ['background a.png']],
    ['@font-face{background:url(x.png)}', []],
    ['@namespace url(http://www.w3.org/1999/xhtml);', []],
    [
      '@keyframes k{from{background:url(a.png)}to{background:url(b.png)}}',
      ['background a.png', 'background b.png'],
    ],
    ['<!-- .a{background:url(a.png)} -->', ['background a.png']],
    ['.a{background:url(a.png)', ['background a.png']],
    ['background:url(a.png)', []],
    ['}}.a{background:url(a.png)}', ['background a.png']],
  ])('reads the rules %j', (css, expected) => {
    expect(names(css)).toEqual(expected);
  });

  it.each([
    ['@import "a.css";', ['@import a.css']],
    ["@import 'a.css' screen;", ['@import a.css']],
    ['@import url(a.css);', ['@import a.css']],
    ['@import url("a.css") layer(x) supports(display: grid) screen;', ['@import a.css']],
    ['@IMPORT "a.css"', ['@import a.css']],
    ['@charset "utf-8";@layer a, b;@import "a.css";@import "b.css";', ['@import a.css', '@import b.css']],
    ['/* x */ @import "a.css";', ['@import a.css']],
    ['.a{} @import "a.css";', []],
    ['@media print{@import "a.css";}', []],
    ['@namespace x "y"; @import "a.css";', []],
    ['@import a.css;', []],
    ['@import;@import "b.css";', ['@import b.css']],
  ])('reads the imports of %j', (css, expected) => {
    expect(names(css)).toEqual(expected);
  });

  it('imports nothing into a style attribute', () => {
    expect(names('@import "a.css"; background: url(a.png)', 'declarations')).toEqual(['background a.png']);
  });

  it.each(['image-set', '-webkit-image-set', 'IMAGE-SET'])('reads the candidates of %s', (name) => {
    const css = `background: ${name}("a.avif" type("image/avif") 1x, url(b.png) 2x, linear-gradient(red, blue) 3x, "c.png" 192dpi), url(d.png)`;
    const found = read(css, 'declarations').map((image) =>
      image.kind === 'image' ? [image.url, image.descriptor, image.density, image.group] : [],
    );
    expect(found).toEqual([
      ['a.avif', '1x', 1, 0],
      ['b.png', '2x', 2, 0],
      ['c.png', '192dpi', 2, 0],
      ['d.png', undefined, undefined, 1],
    ]);
  });

  it('gives long inline images back whole', () => {
    const image = `data:image/png;base64,${'QUJD'.repeat(3_000_000)}`;
    expect(urls(`background: url(${image}), url("${image}"), url(a.png)`)).toEqual([image, image, 'a.png']);
  });

  it.each([
    ['parentheses', '('],
    ['braces', 'a{'],
    ['escapes', '\\61 '],
    ['urls', 'url( '],
    ['bad urls', 'url(a b'],
    ['bad strings', '"\n'],
    ['invalid escapes', '\\\n'],
    ['comments', '/*'],
    ['colons', 'a:'],
    ['hashes', '#'],
    ['astral characters', '😀'],
    ['inline images', 'data:AAAA'],
    ['comment ends', '*/'],
  ])('is quick about ten megabytes of %s', (_what, piece) => {
    const css = `.a{background:${piece.repeat(Math.ceil(10_000_000 / piece.length))}`;
    expect(processorTimeOf(() => read(css, 'stylesheet'))).toBeLessThan(5_000);
  });

  it('never throws, and what it names is in the text', () => {
    const pieces = fc.constantFrom(
      'url(',
      'image-set(',
      '"',
      "'",
      ')',
      '{',
      '}',
      ';',
      ':',
      'background',
      '@import',
      '\\',
      '\n',
      '/*',
      '*/',
      'a.png',
      ' ',
      '--x',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((all) => all.join('')),
        ),
        (css) => {
          for (const context of ['stylesheet', 'declarations'] as const) {
            for (const { url } of read(css, context)) expect(typeof url).toBe('string');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
