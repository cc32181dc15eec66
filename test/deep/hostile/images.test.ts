/** I: image bytes. A picture is judged by its structure, and is never decoded or run. */
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { pngOf as headerOnly, hex, pngChunk, sample } from '../../lib/image/samples.ts';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { type HostileService, startHostileService } from './support/hostileService.ts';
import { measureCost, measureWithin } from './support/meter.ts';

const MIB = 1024 * 1024;
const HTML = { 'Content-Type': 'text/html' };

interface Harvested {
  readonly codes: readonly string[];
  readonly items: readonly { name: string; url: string; contentType: string; duplicateOf?: string }[];
  readonly stored: readonly { bytes: Buffer; contentType: string }[];
  readonly asked: number;
}

/** The outcome of harvesting images of one page, which have a Content-Length or end with the connection. */
async function harvestImages(
  images: readonly (Buffer | ((port: number) => Buffer))[],
  { type = 'image/png', isDelimited = true, paths = images.map((_, index) => `/${index}`) } = {},
): Promise<Harvested> {
  await using service: HostileService = await startHostileService({
    respond: (socket, head) => {
      const index = paths.indexOf(pathOf(head));
      const image = images[index];
      const body = typeof image === 'function' ? image(service.site.port) : image;
      if (body === undefined) {
        socket.write(answer(200, HTML, paths.map((path) => `<img src="${path}">`).join('')));
      } else if (isDelimited) {
        socket.write(answer(200, { 'Content-Type': type }, body));
      } else {
        socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 X\r\nContent-Type: ${type}\r\n\r\n`), body]));
      }
    },
  });
  const { value, cost } = await measureCost(() => service.post(service.url('/page')));
  expect(value.code).toBe('OK');
  expect(service.inside.accepted()).toBe(0);
  expect(cost.grownBytes).toBeLessThan(256 * MIB);
  report({ inputs: images.length, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
  const items = value.body.items as Harvested['items'];
  return {
    codes: (value.body.skipped as readonly { code: string }[]).map(({ code }) => code),
    items,
    stored: items.flatMap(({ name }) => service.store.objects.get(name) ?? []),
    asked: service.site.heads.length,
  };
}

/** `head`, and then `unit` again and again. */
const repeated = (head: Buffer, unit: Buffer, length = 8 * MIB) =>
  Buffer.concat([head, Buffer.alloc(length - head.length, unit)]);

const GIF_FRAME = hex('2c 00000000 01000100 00 08 01 01 00');

const REFUSED: readonly (readonly [row: string, make: () => Buffer, code: string])[] = [
  [
    'I01 a PNG of 2,147,483,647 squared',
    () => headerOnly(2_147_483_647, 2_147_483_647),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I01 its header alone',
    () => headerOnly(2_147_483_647, 2_147_483_647).subarray(0, 33),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I04 a GIF of 65,535 squared with frames without end',
    () => repeated(hex('47494638 3961 ffff ffff 00 00 00'), GIF_FRAME),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I04 a GIF without a size of its own whose frame has 65,535 squared',
    () => hex('47494638 3961 0000 0000 00 00 00 2c 00000000 ffffffff 00 08 01 01 00 3b'),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I05 a BMP as high as the lowest number',
    () => hex('424d 00000000 00000000 36000000 28000000 ffffff7f 00000080 0100 1800 00000000 00000000 00'),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I05 a BMP of negative width',
    () => hex('424d 00000000 00000000 36000000 28000000 ffffffff 01000000 0100 1800 00000000 00000000'),
    'IMAGE_TRUNCATED',
  ],
  [
    'I06 a JPEG of 65,500 squared',
    () => hex('ffd8ff c0000b08 ffdc ffdc 01011100 ffda0008010100003f0000 ffd9'),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I06 a JPEG that tells its 65,500 lines behind its picture only',
    () => hex('ffd8ff c0000b08 0000 ffdc 01011100 ffda0008010100003f0000 ffdc0004ffdc ffd9'),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  [
    'I06 a JPEG of 65,500 columns that never tells how many lines',
    () => hex('ffd8ff c0000b08 0000 ffdc 01011100 ffda0008010100003f0000 ffd9'),
    'IMAGE_TRUNCATED',
  ],
  [
    'I06 a WebP of 16,777,216 squared',
    () => hex('52494646 ff000000 57454250 56503858 0a000000 00000000 ffffff ffffff'),
    'IMAGE_TOO_MANY_PIXELS',
  ],
  ['I10 a gzipped SVG', () => gzipSync('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'NOT_AN_IMAGE'],
  ['I11 HTML', () => Buffer.from('<!DOCTYPE html><svg></svg>'), 'NOT_AN_IMAGE'],
  ['I11 a script', () => Buffer.from('alert(1)'), 'NOT_AN_IMAGE'],
  ['I14 nothing', () => Buffer.alloc(0), 'IMAGE_EMPTY'],
  ['I14 one byte', () => hex('89'), 'NOT_AN_IMAGE'],
  ['I14 a PNG’s magic only', () => hex('89504e470d0a1a0a'), 'IMAGE_TRUNCATED'],
  ['I14 a JPEG’s magic only', () => hex('ffd8ff'), 'IMAGE_TRUNCATED'],
  ['I14 a GIF’s magic only', () => Buffer.from('GIF89a'), 'IMAGE_TRUNCATED'],
];

describe('I: an image that is', () => {
  it.each(REFUSED)('%s', async (_row, make, code) => {
    const { codes, stored } = await harvestImages([make()]);
    expect([codes, stored]).toEqual([[code], []]);
  });
});

describe('I: stored as it came is', () => {
  const accepted: readonly (readonly [row: string, make: () => Buffer, type: string])[] = [
    [
      'I02 a pixel with 19 MB behind it',
      () => Buffer.concat([pngOf(1, 1, 1), Buffer.alloc(19_000_000)]),
      'image/png',
    ],
    [
      'I03 a PNG whose picture data would unpack a thousandfold',
      () =>
        Buffer.concat([
          headerOnly(9_000, 9_000).subarray(0, 33),
          pngChunk('IDAT', deflateSync(Buffer.alloc(32 * MIB))),
          pngChunk('IEND'),
        ]),
      'image/png',
    ],
    [
      'I06 a JPEG of ten thousand scans',
      () =>
        Buffer.concat([
          hex('ffd8ff c2000b080010001001011100'),
          Buffer.alloc(110_000, hex('ffda0008010100003f0000')),
          hex('ffd9'),
        ]),
      'image/jpeg',
    ],
    ['I12 a PNG served as HTML', () => pngOf(5), 'image/png'],
    [
      'I13 a GIF that is a script too',
      () => Buffer.concat([sample('plain.gif'), Buffer.from('*/=1;alert(1)//')]),
      'image/gif',
    ],
    [
      'I13 a PNG that is an archive and a program too',
      () => Buffer.concat([pngOf(6), Buffer.from('PK\x03\x04<?php echo 1; ?>')]),
      'image/png',
    ],
  ];
  it.each(accepted)('%s', async (_row, make, type) => {
    const image = make();
    // The page uses it as an image, so the server's type does not matter.
    const { stored, items } = await harvestImages([image], { type: 'text/html', paths: ['/x.php'] });
    expect(stored).toMatchObject([{ contentType: type }]);
    expect(stored[0]?.bytes.equals(image)).toBe(true);
    expect(items[0]?.name).toMatch(new RegExp(`/x\\.${type === 'image/jpeg' ? 'jpg' : type.slice(6)}$`));
  });

  const svg = (inner: string, before = '') =>
    `${before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">${inner}</svg>`;
  // SITE and INSIDE are servers that count their connections, which shows what is fetched.
  it.each([
    ['I10 SVG with a script', svg('<script href="SITE/x.js">fetch("SITE/")</script>')],
    ['I10 SVG with a handler', svg('<rect onload="location=\'SITE/\'"/>')],
    [
      'I10 SVG with foreign markup',
      svg('<foreignObject><iframe src="INSIDE/"/><img src="SITE/x.png"/></foreignObject>'),
    ],
    ['I10 SVG with a disguised link', svg('<a href="jav&#x61;script:alert(1)"><text>x</text></a>')],
    [
      'I10 SVG that uses a document',
      svg('<use href="data:image/svg+xml,&lt;svg/&gt;#x"/><use href="SITE/x.svg#x"/>'),
    ],
    [
      'I10 SVG with images',
      svg('<image xlink:href="INSIDE/secret"/><image href="SITE/x.png"/><style>a{fill:url(SITE/y)}</style>'),
    ],
    [
      'I10 SVG of a billion laughs',
      svg(
        '&h;',
        `<!DOCTYPE svg [<!ENTITY a "ha">${'bcdefgh'
          .split('')
          .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefg'[index]};`.repeat(10)}">`)
          .join('')}]>`,
      ),
    ],
    [
      'I10 SVG with outside entities',
      svg(
        '&x;',
        '<!DOCTYPE svg PUBLIC "x" "SITE/x.dtd" [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY % y SYSTEM "INSIDE/dtd">%y;]>',
      ),
    ],
    [
      'I10 SVG with stylesheets',
      svg('', '<?xml-stylesheet href="INSIDE/x.css"?><?xml-stylesheet href="SITE/x.css"?>'),
    ],
  ])('%s', async (_row, text) => {
    const on = (port: number) =>
      text.replaceAll('SITE', `http://good.test:${port}`).replaceAll('INSIDE', `http://127.0.0.1:${port}`);
    const kept: string[] = [];
    const { stored, asked } = await harvestImages(
      [
        (port) => {
          kept.push(on(port));
          return Buffer.from(on(port));
        },
      ],
      { type: 'image/svg+xml' },
    );
    expect(stored).toMatchObject([{ contentType: 'image/svg+xml' }]);
    expect(stored.map(({ bytes }) => bytes.toString())).toEqual(kept);
    // Only the page and the image are fetched, and nothing that the image names.
    expect(asked).toBe(2);
  });

  it('I17 the same bytes at two addresses, and different bytes under one name', async () => {
    const [one, other] = [pngOf(1), pngOf(2)];
    const paths = ['/a/x.png', '/b/x.png', '/c/x.png'];
    const { stored, items } = await harvestImages([one, one, other], { paths });
    expect(stored.map(({ bytes }) => bytes)).toEqual([one, one, other]);
    expect(new Set(items.map(({ name }) => name)).size).toBe(3);
    expect(items.map(({ duplicateOf }) => duplicateOf)).toEqual([undefined, items[0]?.name, undefined]);
  });
});

describe('I: up to the end of the connection', () => {
  it.each([
    ['I15 a JPEG without its end', () => sample('baseline.jpg').subarray(0, -2)],
    ['I15 a PNG without its end', () => pngOf(1).subarray(0, -12)],
    ['I15 a GIF without its end', () => sample('plain.gif').subarray(0, -1)],
    ['I15 a naked JPEG XL, whose end only a decoder knows', () => sample('naked.jxl')],
    ['I15 a naked JPEG XL cut off', () => sample('naked.jxl').subarray(0, -5)],
  ])('%s is truncated', async (_row, make) => {
    const { codes, stored } = await harvestImages([make()], { isDelimited: false });
    expect([codes, stored]).toEqual([['IMAGE_TRUNCATED'], []]);
  });

  it('I15 the same with a length are stored: the transport says that they are whole', async () => {
    const images = [sample('baseline.jpg').subarray(0, -2), pngOf(1).subarray(0, -12), sample('naked.jxl')];
    expect((await harvestImages(images)).stored).toHaveLength(3);
  });
});

describe('I: at the limits', () => {
  it.each([
    ['I16 exactly the limit', 20 * MIB, []],
    ['I16 one byte more', 20 * MIB + 1, ['IMAGE_TOO_LARGE']],
  ])('%s', async (_row, length, refused) => {
    const picture = pngOf(1);
    const image = Buffer.concat([picture, Buffer.alloc(length - picture.length)]);
    const { codes, stored } = await harvestImages([image]);
    expect(codes).toEqual(refused);
    expect(stored.map(({ bytes }) => bytes.length)).toEqual(refused.length === 0 ? [length] : []);
  });
});

describe('I: random bytes behind a magic', () => {
  const MAGICS = [
    '89504e470d0a1a0a',
    'ffd8ff',
    '474946383961',
    '52494646ffffff0057454250',
    '424d',
    '00000100',
    '00000200',
    '49492a00',
    '4d4d002a',
    '49492b00',
    '4949bc01',
    'ff0a',
    '0000000c4a584c200d0a870a',
    'ff4fff51',
    '0000000c6a5020200d0a870a',
    '00000014667479706176696600000000',
    '00000014667479706865696300000000',
    '3c737667',
    '3c3f786d6c',
    '3c21444f4354595045',
  ];

  it('I01 are judged in under 50 ms, never throw and never claim more pixels than the limit', async () => {
    const WORST_MS = 50;
    let worstMs = 0;
    let inputs = 0;
    const bytes = fc.tuple(
      fc.constantFrom(...MAGICS),
      fc.nat({ max: 64 * 1024 }),
      fc.integer(),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async ([magic, length, seed, isDelimited]) => {
        const body = Buffer.alloc(length);
        let state = seed | 1;
        for (let at = 0; at < length; at += 1) {
          // xorshift32
          state ^= state << 13;
          state ^= state >>> 17;
          state ^= state << 5;
          body[at] = state;
        }
        const image = Buffer.concat([hex(magic), body]);
        const { value: result, cost } = await measureWithin({ stallMs: WORST_MS }, () =>
          inspectImage(image, { maxPixels: 1_000, isDelimited }),
        );
        worstMs = Math.max(worstMs, cost.stallMs);
        inputs += 1;
        if (!result.ok) return;
        const { width, height, contentType } = result.facts;
        if (contentType !== 'image/svg+xml') expect((width ?? 0) * (height ?? 0)).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 2_000 },
    );
    expect(worstMs).toBeLessThan(WORST_MS);
    report({
      inputs,
      stallMs: worstMs,
      said: `random bytes behind a magic took ${worstMs.toFixed(1)} ms at most`,
    });
  });
});
