/** H: pages whose content is an attack. markupStalls.test.ts has those whose size is. */
import { describe, expect, it } from '@jest/globals';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { type HostileParts, startHostileService } from './support/hostileService.ts';
import { measureCost, measureWithin } from './support/meter.ts';

interface Found {
  readonly code: string;
  /** URLs of the items in page order. Those of the site are without its origin. */
  readonly items: readonly string[];
  /** `CODE url` of each skipped line. */
  readonly skipped: readonly string[];
  readonly counts: Readonly<Record<string, unknown>>;
  /** Paths that were requested from the site. */
  readonly asked: readonly string[];
  readonly stored: readonly Buffer[];
}

/** Harvests `/page`; every other path of the site is a picture. */
async function harvestPage(
  html: string | Buffer,
  parts: HostileParts = {},
  type = 'text/html',
): Promise<Found> {
  await using service = await startHostileService({
    respond: (socket, head) =>
      socket.write(
        pathOf(head) === '/page'
          ? answer(200, { 'Content-Type': type }, html)
          : answer(200, { 'Content-Type': 'image/png' }, pngOf(3)),
      ),
    ...parts,
  });
  const { value, cost } = await measureCost(() => service.post(service.url('/page')));
  // No URL of the page reached the private server.
  expect(service.inside.accepted()).toBe(0);
  expect([...service.cache.locks.keys()]).toEqual([]);
  if (value.code !== 'OK') service.expectNothing();
  report({ inputs: 1, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
  const {
    items = [],
    skipped = [],
    counts = {},
  } = value.body as {
    items?: readonly { url: string; name: string }[];
    skipped?: readonly { url: string; code: string }[];
    counts?: Record<string, unknown>;
  };
  const origin = service.url('');
  const short = (url: string) => (url.startsWith(origin) ? url.slice(origin.length) : url);
  return {
    code: value.code,
    items: items.map(({ url }) => short(url)),
    skipped: skipped.map(({ url, code }) => `${code} ${short(url)}`),
    counts,
    asked: service.site.heads.map(pathOf),
    stored: items.flatMap(({ name }) => service.store.objects.get(name)?.bytes ?? []),
  };
}

const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

type Row = readonly [
  row: string,
  html: string | Buffer,
  items: readonly string[],
  skipped?: readonly string[],
];

const BASES: readonly Row[] = [
  [
    'H08 a base inside the network',
    '<base href="http://127.0.0.1/"><img src=a.png>',
    [],
    ['ADDRESS_FORBIDDEN http://127.0.0.1/a.png'],
  ],
  [
    'H08 a base at the metadata service',
    '<base href="http://169.254.169.254/"><img src=latest>',
    [],
    ['ADDRESS_FORBIDDEN http://169.254.169.254/latest'],
  ],
  ['H09 a base of files', '<base href="file:///etc/"><img src=passwd>', []],
  ['H09 a base of script', '<base href="javascript:alert(1)//"><img src=a.png>', ['/a.png']],
  ['H09 a base of data', '<base href="data:text/html,x"><img src=a.png>', ['/a.png']],
  ['H09 two bases', '<base href=/one/><base href=/two/><img src=a.png>', ['/one/a.png']],
  ['H09 a base behind its images', '<img src=a.png><p><base href=/one/>', ['/one/a.png']],
];

const ADDRESSES: readonly Row[] = [
  ['H11 no scheme', '<img src="//127.0.0.1/a">', [], ['ADDRESS_FORBIDDEN http://127.0.0.1/a']],
  ['H11 backslashes', '<img src="http:\\\\127.0.0.1">', [], ['ADDRESS_FORBIDDEN http://127.0.0.1/']],
  ['H11 a number', '<img src="http://2130706433/">', [], ['ADDRESS_FORBIDDEN http://127.0.0.1/']],
  ['H11 credentials', '<img src="http://a:b@other.test/">', [], ['ADDRESS_FORBIDDEN http://other.test/']],
  ['H12 nothing', '<img src=""><img src="#"><img src=" "><img src="#x"><img src>', []],
  ['H12 the page itself', '<img src="page"><img src="/page#x">', []],
  // A different URL, although the request is the same as for the page.
  ['H12 a question mark', '<img src="?">', [], ['NOT_AN_IMAGE /page?']],
  [
    'H12 other schemes',
    '<img src="javascript:a.png"><img src="blob:a"><img src="about:blank"><img src="file:///a">',
    [],
  ],
  [
    'H13 entities for letters',
    '<img src="&#104;ttp://127.0.0.1/">',
    [],
    ['ADDRESS_FORBIDDEN http://127.0.0.1/'],
  ],
  [
    'H13 entities for a colon',
    '<img src="http&colon;//127.0.0.1/">',
    [],
    ['ADDRESS_FORBIDDEN http://127.0.0.1/'],
  ],
  [
    'H13 entities for blanks in a scheme',
    '<img src="ht&Tab;tp&NewLine;://127.0.0.1/">',
    [],
    ['ADDRESS_FORBIDDEN http://127.0.0.1/'],
  ],
  ['H14 an attribute twice', '<img src=a.png src=b.png>', ['/a.png']],
  ['H20 capitals', '<IMG SRC=a.png><ImG sRc=b.png>', ['/a.png', '/b.png']],
  ['H20 line ends within', '<img src="a\n.p\r\nng\t">', ['/a.png']],
  [
    'H07 unbalanced commas',
    '<img srcset=",,a.png 1x,,, b.png 2x,,(,c.png 3x">',
    ['/a.png', '/b.png', '/(,c.png'],
  ],
  ['H07 a source without a picture', '<source srcset=a.png>', []],
  ['H07 a picture', '<picture><source srcset=a.png><img src=b.png></picture>', ['/a.png', '/b.png']],
  ['H07 an image-set', '<p style="background:image-set(url(a.png) 1x, \'b.png\' 2x)">', ['/a.png', '/b.png']],
  [
    'H07 a lazy attribute',
    '<img data-src=a.png src="data:,">',
    ['/a.png'],
    ['PLACEHOLDER data:text/plain;sha256,e3b0c44298fc1c149afbf4c8996fb924'],
  ],
];

/** The places where an `img` counts (HTML with scripting off). */
const PLACES: readonly Row[] = [
  ['H15 in noscript', '<noscript><img src=a.png></noscript>', ['/a.png']],
  ['H15 in noscript in head', '<head><noscript><img src=a.png></noscript>', ['/a.png']],
  ['H15 in template', '<template><img src=a.png></template>', []],
  ['H15 in a comment', '<!-- <img src=a.png> -->', []],
  ['H15 in a comment that ends early', '<!--> <img src=a.png> -->', ['/a.png']],
  ['H15 in script', '<script><img src=a.png></script>', []],
  ['H15 in a script’s text', '<script>document.write("<img src=a.png>")</script>', []],
  ['H15 in textarea', '<textarea><img src=a.png></textarea>', []],
  ['H15 in title', '<title><img src=a.png></title>', []],
  ['H15 in style', '<style><img src=a.png></style>', []],
  ['H15 in xmp', '<xmp><img src=a.png></xmp>', []],
  ['H15 in iframe', '<iframe><img src=a.png></iframe>', []],
  ['H15 behind plaintext', '<plaintext><img src=a.png>', []],
  ['H15 in CDATA of HTML', '<![CDATA[<img src=a.png>]]>', []],
  ['H15 in CDATA of HTML behind its first tag', '<![CDATA[ > <img src=a.png>]]>', ['/a.png']],
  ['H15 in CDATA of SVG', '<svg><![CDATA[<image href=a.png />]]></svg>', []],
  ['H15 in foreign markup of SVG', '<svg><foreignObject><img src=a.png></foreignObject></svg>', ['/a.png']],
  ['H15 in SVG, which it ends', '<svg><img src=a.png>', ['/a.png']],
  ['H15 an image of SVG', '<svg><image href=a.png /></svg>', ['/a.png']],
  ['H15 an image of HTML', '<image src=a.png>', ['/a.png']],
  // The parser does not support other content in `select` yet.
  ['H15 in select', '<select><img src=a.png></select>', []],
  ['H15 in a table, before it', '<table><img src=a.png></table>', ['/a.png']],
  ['H15 in a link', '<a href=b.png><img src=a.png></a>', ['/a.png']],
  ['H15 as an attribute', '<p title="<img src=a.png>">', []],
];

const BYTES: readonly Row[] = [
  [
    'H16 NUL bytes',
    Buffer.from('<i\0mg src=x.png><img\0 src=y.png><img src="a\0.png">'),
    ['/a%EF%BF%BD.png'],
  ],
  ['H16 a byte order mark', Buffer.from('\ufeff<img src=é.png>'), ['/%C3%A9.png']],
  ['H16 UTF-16', utf16('<img src=é.png>'), ['/%C3%A9.png']],
  [
    'H16 UTF-16 of an odd length',
    Buffer.concat([utf16('<img src=é.png>'), Buffer.from([0x3c])]),
    ['/%C3%A9.png'],
  ],
  ['H16 bytes that are no UTF-8', Buffer.from('<img src=\xe9.png>', 'latin1'), ['/%C3%A9.png']],
  ['H16 a character cut off', Buffer.from('<img src=a.png>é').subarray(0, -1), ['/a.png']],
  ['H17 nothing closed', '<div><p><a><b><img src=a.png><table><tr><td><img src=b.png', ['/a.png']],
  ['H17 cut off in an attribute', '<img src=a.png><img src="b.p', ['/a.png']],
  ['H18 blanks', ' \n\t\r\n', []],
  ['H18 bytes', Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7_919) % 251)), []],
];

describe.each([
  ['a base', BASES],
  ['an address', ADDRESSES],
  ['a place', PLACES],
  ['bytes', BYTES],
])('H: %s', (_what, rows) => {
  it.each(rows)('%s', async (_row, html, items, skipped = []) => {
    expect(await harvestPage(html)).toMatchObject({ code: 'OK', items, skipped });
  });
});

describe('H: a page', () => {
  it.each([
    ['H18 without a byte', '', 'text/html', 'CONTENT_UNSUPPORTED'],
    ['H18 of bytes without a type', Buffer.alloc(1_000, 7), '', 'CONTENT_UNSUPPORTED'],
    ['H18 that is JSON', '{"image":"a.png"}', 'application/json', 'CONTENT_UNSUPPORTED'],
    ['H18 that is an archive', 'PK\x03\x04', 'application/zip', 'CONTENT_UNSUPPORTED'],
  ])('%s', async (_row, html, type, code) => {
    expect((await harvestPage(html, {}, type)).code).toBe(code);
  });

  it('H10 with an inline image of 5 MB stores it, and fetches nothing', async () => {
    const image = Buffer.concat([pngOf(9), Buffer.alloc(5_000_000)]);
    const html = `<img src="data:image/png;base64,${image.toString('base64')}">`;
    const { stored, asked, items } = await harvestPage(html);
    expect([stored[0]?.equals(image), asked]).toEqual([true, ['/page']]);
    expect(items[0]).toMatch(/^data:image\/png;sha256,[0-9a-f]{32}$/);
  });

  it('H10 with an inline image over the limit of images refuses it', async () => {
    const html = `<img src="data:image/png;base64,${Buffer.concat([pngOf(9), Buffer.alloc(1_000)]).toString('base64')}">`;
    const { skipped } = await harvestPage(html, { limits: { imageMaxBytes: 1_000 } });
    expect(skipped).toEqual([expect.stringMatching(/^IMAGE_TOO_LARGE data:image\/png;sha256,/)]);
  });

  it('H05 with one address a hundred thousand times downloads it once', async () => {
    const { items, asked } = await harvestPage('<img src=a>'.repeat(100_000));
    expect([items, asked]).toEqual([['/a'], ['/page', '/a']]);
  });

  it('H06 with an address of 5 MB lists it, shortened, and asks nobody for it', async () => {
    const { skipped, asked } = await harvestPage(`<img src="${'a'.repeat(5_000_000)}">`);
    expect(skipped).toEqual([expect.stringMatching(/^IMAGE_UNREACHABLE .{1,2100}$/)]);
    expect(asked).toEqual(['/page']);
  });

  it('H04 with more images than the limit has the first, and counts the rest', async () => {
    const html = Array.from({ length: 50_000 }, (_, index) => `<img src=${index}>`).join('');
    const { items, counts, asked, skipped } = await harvestPage(html, { limits: { imagesMaxCount: 10 } });
    expect(items).toEqual(Array.from({ length: 10 }, (_, index) => `/${index}`));
    expect(counts).toEqual({
      discovered: 50_000,
      items: 10,
      skipped: 49_990,
      byCode: { LIMIT_REACHED: 49_990 },
    });
    expect([asked.length, skipped.length]).toEqual([11, 2_000]);
  });

  it('H21 whose markup cannot be understood is refused, and its lock is released', async () => {
    const html = `${'<p>'.repeat(10)}${'<div>'.repeat(300_000)}<img src=a.png>`;
    const { code, asked } = await harvestPage(html);
    expect([code, asked]).toEqual(['CONTENT_UNSUPPORTED', ['/page']]);
  });
});

it.each([
  ['H04 660,000 images', (index: number) => `<img src=${index}>`, 'LIMIT_REACHED', 10],
  [
    'H11 500,000 images with credentials',
    (index: number) => `<img src=//a@b.c/${index}>`,
    'ADDRESS_FORBIDDEN',
    0,
  ],
])('%s hold nobody, from the request to the answer', async (_row, image, code, stored) => {
  const pieces: string[] = [];
  let left = 10 * 1024 * 1024;
  for (let piece = image(0); left >= piece.length; piece = image(pieces.length)) {
    pieces.push(piece);
    left -= piece.length;
  }
  // Made in advance, so that the site's work does not count as the service's.
  const page = answer(200, { 'Content-Type': 'text/html' }, pieces.join(''));
  await using service = await startHostileService({
    respond: (socket, head) =>
      socket.write(pathOf(head) === '/page' ? page : answer(200, { 'Content-Type': 'image/png' }, pngOf(3))),
    limits: { imagesMaxCount: 10 },
    config: { pageTimeoutMs: 25_000 },
    timeMs: 100_000,
  });
  const { value, cost } = await measureWithin({ stallMs: 200 }, () => service.put(service.url('/page')));
  expect(value.body.counts).toEqual({
    discovered: pieces.length,
    items: stored,
    skipped: pieces.length - stored,
    byCode: { [code]: pieces.length - stored },
  });
  expect(value.body.skipped).toHaveLength(2_000);
  expect(cost.stallMs).toBeLessThan(200);
  report({ inputs: 1, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
});
