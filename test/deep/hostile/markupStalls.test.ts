/**
 * H: pages whose size and shape are an attack. No ten megabytes of markup may stall other callers for long. The longest
 * stall is measured in this thread's processor time, which other work of the machine does not change.
 */
import { describe, expect, it } from '@jest/globals';
import { discoverHtml, PAGE } from '../../lib/discovery/discoverHtml.ts';
import { report } from './support/figures.ts';
import { measureWithin } from './support/meter.ts';

const MIB = 1024 * 1024;
/** The default of PAGE_MAX_BYTES. */
const LIMIT = 10 * MIB;
const STALL_MS = 200;
const IMAGE = '<img src=found.png>';
const FOUND = new URL('found.png', PAGE).href;

/** As many pieces as fit into the limit of a page. */
function full(piece: (index: number) => string, before = '', after = ''): string {
  const pieces = [before];
  let left = LIMIT - Buffer.byteLength(before + after + IMAGE);
  for (let index = 0; ; index += 1) {
    const next = piece(index);
    left -= Buffer.byteLength(next);
    if (left < 0) return pieces.join('') + after + IMAGE;
    pieces.push(next);
  }
}

/** As many pieces as fit into half of it. */
function half(piece: (index: number) => string): string {
  const pieces: string[] = [];
  for (let length = 0; length < LIMIT / 2 - 100; length += pieces.at(-1)?.length ?? 0) {
    pieces.push(piece(pieces.length));
  }
  return pieces.join('');
}

const LD = '<script type="application/ld+json">';
const comma = (index: number) => (index === 0 ? '' : ',');

type Row = readonly [row: string, html: () => string | Buffer, outcome: 'found' | 'refused' | 'nothing'];

const NESTING: readonly Row[] = [
  ['H01 a million nested elements', () => `${'<div>'.repeat(1_000_000)}${IMAGE}`, 'refused'],
  ['H02 a hundred thousand formatting elements', () => `${'<b>'.repeat(100_000)}${IMAGE}`, 'found'],
  ['H02 3.4 million formatting elements', () => full(() => '<b>'), 'refused'],
  ['H02 formatting elements that all differ', () => full((i) => `<b a=${i}>`), 'refused'],
  ['H02 links around paragraphs', () => `${'<a><p>'.repeat(20_000)}${IMAGE}`, 'found'],
  ['H02 nested tables', () => `${'<table><tr><td>'.repeat(20_000)}${IMAGE}`, 'found'],
  ['H02 formatting elements in a table', () => `<table>${'<b>'.repeat(100_000)}${IMAGE}`, 'found'],
  ['H02 text in a table', () => full(() => 'x<i>y</i>', '<table>'), 'found'],
  [
    'H02 paragraphs that open a hundred elements each',
    () => full(() => '<p>x', `<p>${full100()}`),
    'refused',
  ],
  ['H02 an end tag that opens a hundred thousand', () => `<p>${distinct(100_000)}</p>${IMAGE}`, 'refused'],
  ['H02 end tags in the wrong order', () => full(() => '<b><p></b>'), 'refused'],
  [
    'H02 end tags of nothing',
    () => `${'<span>'.repeat(200_000)}${'</x>'.repeat(1_000_000)}${IMAGE}`,
    'found',
  ],
];

const distinct = (count: number) => Array.from({ length: count }, (_, index) => `<b a=${index}>`).join('');
const full100 = () => distinct(100);

const MANY: readonly Row[] = [
  ['H03 one tag with a million attributes', () => full((i) => `a${i} `, '<p ', '>'), 'found'],
  ['H03 one attribute of ten megabytes', () => full(() => 'a', '<p title="', '">'), 'found'],
  ['H03 tokens without end', () => full(() => 'a ', '<link href=x rel="', '">'), 'found'],
  ['H04 660,000 images', () => full((i) => `<img src=${i}>`), 'found'],
  ['H05 950,000 times one image', () => full(() => '<img src=x>'), 'found'],
  ['H06 an address of ten megabytes', () => full(() => '@', '<img src="http://', '">'), 'found'],
  ['H06 a lazy address of ten megabytes', () => full(() => '{a', '<img data-src="', '">'), 'found'],
  [
    'H07 700,000 candidates in one srcset',
    () => full((i) => `${i} ${i + 1}w,`, '<img srcset="', '">'),
    'found',
  ],
  ['H07 a srcset of descriptors', () => full(() => 'x ', '<img srcset="a ', '">'), 'found'],
  ['H07 a srcset of commas', () => full(() => ',', '<img srcset="', '">'), 'found'],
  ['H07 a lazy srcset', () => full((i) => `${i}.png 1x,`, '<p data-srcset="', '">'), 'found'],
  [
    'H07 a srcset on an element of 700,000 attributes',
    () => `<img srcset="${half((i) => `${i} 1x,`)}" ${half((i) => `a${i} `)}>${IMAGE}`,
    'found',
  ],
  [
    'H07 twins of a picture of 400,000 attributes',
    () => `<amp-img ${half((i) => `a${i} `)}>${half((i) => `<noscript><img src=${i}></noscript>`)}${IMAGE}`,
    'found',
  ],
  ['H07 a bgset of bars', () => full(() => '|', '<p data-bgset="', '">'), 'found'],
  ['H07 a bgset of bars and blanks', () => full(() => '| ', '<p data-bgset="', '">'), 'found'],
  ['H07 a bgset of brackets', () => full(() => '[]', '<p data-bgset="', '">'), 'found'],
  ['H07 a bgset', () => full((i) => `${i} 1x|`, '<p data-bgset="', '">'), 'found'],
  [
    'H10 an inline image of ten megabytes',
    () => full(() => 'A', '<img src="data:image/png;base64,', '">'),
    'found',
  ],
  [
    'H10 an inline image of line ends',
    () => full(() => 'A\n', '<img src="data:image/png;base64,', '">'),
    'found',
  ],
  ['H07 600,000 icons', () => full((i) => `<link rel=icon href=${i}>`), 'found'],
  ['H07 500,000 linked stylesheets', () => full((i) => `<link rel=stylesheet href=${i}>`), 'found'],
];

const TEXT: readonly Row[] = [
  ['H16 UTF-8', () => full(() => 'é'), 'found'],
  [
    'H16 windows-1252',
    () => Buffer.concat([Buffer.alloc(LIMIT - IMAGE.length, 0xe9), Buffer.from(IMAGE)]),
    'found',
  ],
  [
    'H16 Shift_JIS',
    () =>
      Buffer.concat([
        Buffer.from(`<meta charset=shift_jis>${IMAGE}`),
        Buffer.alloc(LIMIT - 50, Buffer.from([0x82, 0xa0])),
      ]),
    'found',
  ],
  ['H16 NUL bytes', () => full(() => '\0'), 'found'],
  ['H18 text without a tag', () => full(() => 'x'), 'found'],
  ['H18 opening brackets', () => full(() => '<', '', 'a>'), 'found'],
  ['H19 comments that open', () => full(() => '<!--', '', '-->'), 'found'],
  ['H19 CDATA that opens', () => full(() => '<![CDATA['), 'nothing'],
  ['H19 ampersands', () => full(() => '&'), 'found'],
  ['H19 ends that open', () => full(() => '</'), 'nothing'],
  ['H17 an attribute that never ends', () => full(() => 'a', '<img src="'), 'nothing'],
];

const DATA: readonly Row[] = [
  [
    'JSON-LD of 500,000 images',
    () => full((i) => `${comma(i)}"${i}"`, `${LD}{"image":[`, ']}</script>'),
    'found',
  ],
  ['JSON-LD of keys', () => full((i) => `${comma(i)}"k${i}":1`, `${LD}{`, '}</script>'), 'found'],
  ['JSON-LD of brackets', () => full(() => '[', LD, '</script>'), 'found'],
  [
    'JSON-LD of keys in blocks of a megabyte',
    () => {
      let keys = '';
      for (let index = 0; keys.length < MIB - 30; index += 1) keys += `${comma(index)}"k${index}":1`;
      return `${`${LD}{${keys}}</script>`.repeat(9)}${IMAGE}`;
    },
    'found',
  ],
  [
    'JSON-LD in an element of 700,000 attributes',
    () => {
      const images = `{"image":[${Array.from({ length: 100_000 }, (_, i) => `"${i}"`)}]}`;
      return `<script type="application/ld+json" ${half((i) => `a${i} `)}>${images}</script>${IMAGE}`;
    },
    'found',
  ],
  ['170,000 blocks of JSON-LD', () => full((i) => `${LD}{"image":"${i}"}</script>`), 'found'],
];

describe.each([
  ['nesting', NESTING],
  ['many', MANY],
  ['text', TEXT],
  ['data', DATA],
])('H: ten megabytes of %s', (_what, rows) => {
  it.each(rows)('%s', async (_row, make, outcome) => {
    const html = Buffer.from(make());
    expect(html.length).toBeLessThanOrEqual(LIMIT);
    const { value, cost } = await measureWithin({ stallMs: STALL_MS }, () =>
      discoverHtml(html).then(
        ({ candidates }) => (candidates.some(({ url }) => url === FOUND) ? 'found' : 'nothing'),
        ({ code }) => (code === 'CONTENT_UNSUPPORTED' ? 'refused' : code),
      ),
    );
    expect(value).toBe(outcome);
    expect(cost.stallMs).toBeLessThan(STALL_MS);
    report({ inputs: 1, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
  });
});

it('H07 JSON-LD that is too long to be read is said to be', async () => {
  const block = (length: number) => `${LD}{"image":"a.png"}${' '.repeat(length - 17)}</script>`;
  expect(await discoverHtml(block(MIB))).toMatchObject({ candidates: [{}], warnings: [] });
  expect(await discoverHtml(block(MIB + 1))).toMatchObject({
    candidates: [],
    warnings: [{ url: PAGE, code: 'LIMIT_REACHED' }],
  });
});
