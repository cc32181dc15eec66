/** CSS: the same text always names the same images, and what was found is found again when it is written plainly. */
import { type CssContext, mayNameImages, readCss } from '../../../../lib/discovery/css/css.ts';
import { demand, demandAlike, type Target } from '../target.ts';
import { sampleStyles } from './samples.ts';

const SEEDS = [
  '.a{background:url(a.png)}',
  '@import "a.css" screen;@import url(b.css);.a:hover{cursor:url("c.cur"),auto}',
  '.a{background:image-set("a.png" 1x, url(b.png) 2dppx, "c.png" type("image/png") 192dpi)}',
  '@media print{.a{&:hover{--x:{url(a.png)};mask:cross-fade(url(a.png),src("b.png"),50%)}}}',
  '@font-face{src:url(a.woff)}@keyframes k{from{background:url(a\\.png)}}',
  '.a[b="}{"]{background:red url(data:image/png;base64,iVBORw0KGgo=) no-repeat!important}',
  "background:\\75rl(a.png);list-style:url( 'a.png' )",
  '<!-- /* x */ .a{content:"x" url(a"b.png)} -->',
];

const WORDS = [
  'url(',
  'src(',
  '@import ',
  'image-set(',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  '"',
  "'",
  ';',
  ':',
  ',',
  '\\',
  '\n',
  '/*',
  '*/',
  '<!--',
  '-->',
  '@font-face',
  '@media ',
  '@charset ',
  '--x',
  'background:',
  'cursor:',
  'content:',
  '!important',
  ' 2x',
  'data:image/png;base64,',
  'data:,',
  '\0',
  '#',
  '%',
  'var(',
  '\\61 ',
  '\\\n',
];

const read = (css: string, context: CssContext) =>
  [...readCss(css, context)].filter((found) => found !== null);

export const target: Target = {
  name: 'css',
  seeds: () => [...SEEDS.map((seed) => Buffer.from(seed)), ...sampleStyles()],
  words: WORDS,
  msPerKib: 10,
  check(input) {
    const css = input.toString('utf8');
    for (const context of ['stylesheet', 'declarations'] as const) {
      const found = read(css, context);
      demandAlike('a second reading finds something else', found, read(css, context));
      if (found.length > 0)
        demand(mayNameImages(css), 'what names images is taken for what names none', found);
      for (const reference of found) checkReference(reference);
    }
  },
};

function checkReference(found: ReturnType<typeof read>[number]): void {
  demand(typeof found.url === 'string', 'an address is no text', found);
  if (found.kind === 'image') {
    demand(Number.isSafeInteger(found.group) && found.group >= 0, 'a group is no number', found);
    demand(found.density === undefined || found.density >= 0, 'a density is no size', found);
    const isPlain = found.property.startsWith('--') || found.property === found.property.toLowerCase();
    demand(isPlain, 'a property is not in lower case', found);
  }
  const written =
    found.kind === 'image'
      ? `background:url("${asCssString(found.url)}")`
      : `@import "${asCssString(found.url)}";`;
  const again = read(written, found.kind === 'image' ? 'declarations' : 'stylesheet');
  demandAlike(
    'written plainly it is not found again',
    again.map(({ url }) => url),
    [found.url],
  );
}

/** CSSOM's "serialize a string". NUL becomes U+FFFD before anything is read. */
function asCssString(url: string): string {
  return url.replace(/[\p{Cc}"\\]/gu, (c) =>
    c === '"' || c === '\\' ? `\\${c}` : `\\${c.charCodeAt(0).toString(16)} `,
  );
}
