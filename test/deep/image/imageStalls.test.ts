/** An image that fills the size limit with the smallest parts of its format must not stall other callers. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { sha256Of } from '../../../lib/image/sha256Of.ts';
import { app1, iconOf } from '../../lib/image/oddImages.ts';
import { boxOf, hex, pngChunk, sample } from '../../lib/image/samples.ts';
import { measureWithin } from '../hostile/support/meter.ts';

const MIB = 1024 * 1024;
const LENGTH = 20 * MIB;
/** Milliseconds of processor time between two turns of the event loop. */
const STALL_MS = 50;
/** Images of one page that arrive together. */
const TOGETHER = 12;
const OPTIONS = { maxPixels: 100_000_000, isDelimited: false };

const ascii = (text: string) => Buffer.from(text, 'latin1');
const filled = (head: Buffer, unit: Buffer, length = LENGTH) =>
  Buffer.concat([head, Buffer.alloc(length - head.length, unit)]);
const length32 = (length: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};

/** By format: the start of a file, and the smallest parts that may be repeated after it. */
const PARTS: Readonly<Record<string, readonly [head: Buffer, ...units: readonly Buffer[]]>> = {
  PNG: [
    sample('plain.png').subarray(0, 33),
    ascii('\0\0\0\0tEXt\0\0\0\0'),
    ascii('\0\0\0\0IDAT\0\0\0\0'),
    ascii('\0\0\0\x01fdAT\0\0\0\0\0'),
    ascii('\0\0\0\0eXIf\0\0\0\0'),
  ],
  JPEG: [
    hex('ffd8ff c0000b080010001001011100'),
    hex('ff'),
    hex('ff00'),
    hex('ffd0'),
    hex('ffe00002'),
    hex('ffe00000'),
    hex('ffdc00040001'),
    hex('ffda0008010100003f0000'),
    app1(Buffer.from('Item:Length="1" '.repeat(4_000)), 'http://ns.adobe.com/xap/1.0/\0'),
    app1(hex('4d4d002a 00000008 ffff'), 'Exif\0\0'),
    hex('ffe2000e 4d504600 4d4d002a 00000008'),
    hex('00'),
    hex('ff0000000000000000000000000000000000000000000000000000000000000000000000000000000000'),
  ],
  GIF: [
    ascii('GIF89a\x01\0\x01\0\0\0\0'),
    hex('2c 00000000 01000100 00 08 00'),
    hex('21f900'),
    hex('21f9 01010101010101010101010101010100'),
    hex('00'),
  ],
  'GIF without a screen': [ascii('GIF89a\0\0\0\0\0\0\0'), hex('2c 00000000 01000100 00 08 00')],
  'GIF of one frame': [
    Buffer.concat([ascii('GIF89a\x01\0\x01\0\0\0\0'), hex('2c 00000000 01000100 00 08')]),
    hex('0101'),
  ],
  WebP: [ascii('RIFF\xff\xff\xff\x0fWEBP'), ascii('ALPH\0\0\0\0'), ascii('ANMF\0\0\0\0')],
  AVIF: [boxOf('ftyp', ascii('avif\0\0\0\0avif')), boxOf('free'), boxOf('meta'), hex('00')],
  'AVIF in one box': [
    Buffer.concat([boxOf('ftyp', ascii('avif\0\0\0\0avif')), length32(LENGTH - 20), ascii('meta\0\0\0\0')]),
    boxOf('free'),
    boxOf('iprp'),
    boxOf('idat'),
  ],
  'AVIF of associations': [
    Buffer.concat([
      boxOf('ftyp', ascii('avif\0\0\0\0avif')),
      length32(LENGTH - 20),
      ascii('meta\0\0\0\0'),
      boxOf('pitm', hex('00000000 ffff')),
      length32(LENGTH - 100),
      ascii('iprp'),
      boxOf('ipco', boxOf('ispe', hex('00000000 00000010 00000010'))),
      length32(LENGTH - 200),
      ascii('ipma\0\0\0\0\xff\xff\xff\xff'),
    ]),
    hex('000000'),
  ],
  'AVIF of items': [
    Buffer.concat([
      boxOf('ftyp', ascii('avif\0\0\0\0avif')),
      length32(LENGTH - 20),
      ascii('meta\0\0\0\0'),
      length32(LENGTH - 40),
      ascii('iloc\x02\0\0\0\x11\x00\x7f\xff\xff\xff'),
    ]),
    hex('00'),
    hex('00000001 0000 0000 0001 00000001 00000001'),
    hex('00000001 0001 0000 ffff'),
  ],
  'AVIF in the least': [boxOf('ftyp', ascii('mif3avif')), boxOf('mini'), boxOf('mdat')],
  HEIC: [boxOf('ftyp', ascii('heic\0\0\0\0')), boxOf('moov'), boxOf('mdat'), boxOf('ispe')],
  'JPEG XL': [hex('0000000c 4a584c20 0d0a870a'), boxOf('jxlp'), boxOf('jxlc'), boxOf('free')],
  'JPEG 2000': [
    hex('0000000c 6a502020 0d0a870a 00000014 66747970 6a703220 00000000 6a703220'),
    boxOf('jp2h'),
    boxOf('jp2h', Buffer.alloc(8_000, boxOf('free'))),
    boxOf('jp2c'),
    Buffer.concat([hex('00000000'), ascii('jp2c')]),
  ],
  'JPEG 2000 codestream': [
    hex('ff4f ff51 0029 0000 00000010 00000010 00000000 00000000'),
    hex('ff64 0002'),
    hex('ff90 000a 0000 0000000c 0001'),
    hex('ff90 000a 0000 00000000 0001'),
    hex('00'),
  ],
  'JPEG 2000 of one tile': [
    hex('ff4f ff51 0029 0000 00000010 00000010 00000000 00000000 ff90 000a 0000 00000000 0001 ff93'),
    hex('ff'),
    hex('ff00'),
  ],
  ICO: [hex('00000100 ffff'), hex('0101 0000 0100 2000 01000000 f6ff0f00')],
  'icon of pictures': [hex('00000200 ffff'), hex('0101 0000 0100 2000 89504e47 f6ff0f00')],
  TIFF: [
    hex('49492a00 08000000 ffff'),
    hex('0000 0300 01000000 01000000'),
    hex('ffff 0300 01000000 01000000'),
  ],
  'TIFF of sub-directories': [
    hex('49492a00 08000000 0100 4a01 0400 00004000 1a000000 00000000'),
    hex('09000000'),
    hex('09000000 0d000000 11000000'),
  ],
  'TIFF of strips': [
    hex('49492a00 08000000 0200 1101 0400 00004000 32000000 1701 0400 00004000 32000000 00000000'),
    hex('09000000'),
  ],
  BigTIFF: [
    hex('49492b00 08000000 1000000000000000 ffffffffffff0000'),
    hex('0000 0300 0100000000000000 0000000000000000'),
    hex('0000 0000 0000000000000000 0000000000000000'),
  ],
  'BigTIFF of tiles': [
    hex(
      `49492b00 08000000 1000000000000000 0400000000000000
       1101 1000 8096980000000000 c800000000000000 1701 1000 8096980000000000 c800000000000000
       4401 1000 8096980000000000 c800000000000000 4501 1000 8096980000000000 c800000000000000`,
    ),
    hex('0900000000000000'),
  ],
  'JPEG XR': [hex('4949bc01 08000000 ffff'), hex('0000 0300 01000000 00000000')],
  BMP: [hex('424d 00000000 00000000 36000000 28000000 01000000 01000000 0100 1800'), hex('00')],
  'packed BMP': [
    hex(
      '424d 00000000 00000000 36000000 28000000 01000000 01000000 0100 0800 01000000 00000000 00000000 00000000 00000000 00000000',
    ),
    hex('0101'),
    hex('0000'),
    hex('0002 0000'),
    hex('0003 00000000'),
  ],
  SVG: [
    ascii('<svg '),
    ascii('a="1" '),
    ascii('width="'),
    ascii("width=' "),
    ascii(`width="'" `),
    ascii('<svg '),
    ascii('a = '),
    ascii('a'),
    ascii(' '),
  ],
  'SVG content': [
    ascii('<svg>'),
    ascii('<!---->'),
    ascii('<?a?>'),
    ascii('-->'),
    ascii('?>'),
    ascii('</svg'),
    ascii('\0'),
    ascii(' '),
    ascii('&#x;'),
    ascii('<svg>'),
    ascii('<svg a="'),
    ascii('<a>'),
    ascii('<![CDATA[]]>'),
  ],
  'SVG prologue': [
    ascii('<?xml?>'),
    ascii('<!---->'),
    ascii('<?a?>'),
    ascii('<!--'),
    ascii('<?'),
    ascii(' '),
    ascii('<!DOCTYPE svg>'),
  ],
  'SVG doctype': [
    ascii('<!DOCTYPE svg ['),
    ascii('["'),
    ascii("'"),
    ascii('<!ENTITY a "&b;&b;">'),
    ascii('<!---->'),
    ascii('<!--'),
    ascii(']>['),
  ],
  'SVG in UTF-16': [
    hex('feff 003c 0073 0076 0067 0020'),
    hex('0020'),
    hex('0061 003d 0022'),
    hex('003c 0021'),
  ],
  'SVG content in UTF-16': [hex('feff 003c 0073 0076 0067 003e'), hex('003c 0073 0076 0067 003e')],
};

/** Containers that are not images, which are read before they are refused. */
const OTHERS: Readonly<Record<string, readonly [head: Buffer, ...units: readonly Buffer[]]>> = {
  'ID3 tags': [ascii('ID3\x04\0\0\0\0\0\0'), ascii('ID3\x04\0\0\0\0\0\0'), ascii('\0')],
  'byte order marks': [hex('efbbbf'), hex('efbbbf')],
  'ZIP of empty files': [
    hex('504b0304 1400 0000 0000 00000000 00000000 00000000 00000000 0100 0000 61'),
    hex('504b0304 1400 0000 0000 00000000 00000000 00000000 00000000 0100 0000 61'),
  ],
  'ZIP of a file without length': [
    hex('504b0304 1400 0800 0800 00000000 00000000 00000000 00000000 0100 0000 61'),
    ascii('PK\x07'),
    ascii('P'),
  ],
  'ZIP of long names': [
    hex('504b0304 1400 0000 0000 00000000 00000000 00000000 00000000 ffff ffff'),
    hex('504b0304 1400 0000 0000 00000000 00000000 00000000 00000000 ffff ffff'),
  ],
  gzip: [gzipSync(''), gzipSync(''), ascii('\0')],
  'gzip of zeros': [gzipSync(Buffer.alloc(LENGTH)), ascii('\0')],
  EBML: [hex('1a45dfa3 01ffffffffffffff'), hex('428680'), hex('ec80')],
  ASF: [
    Buffer.concat([hex('3026b2758e66cf11a6d9'), Buffer.alloc(20)]),
    Buffer.concat([Buffer.alloc(16), hex('18000000 00000000')]),
  ],
  MP4: [boxOf('ftyp', ascii('isom\0\0\0\0')), boxOf('free')],
  'a long list of brands': [Buffer.concat([length32(LENGTH), ascii('ftypmif1\0\0\0\0')]), ascii('abcd')],
  RIFF: [ascii('RIFF\0\0\0\0'), ascii('LIST\0\0\0\0')],
  Ogg: [ascii('OggS'), ascii('OggS')],
  MPEG: [hex('000001ba'), hex('000001ba'), hex('fffb9000')],
  'camera raw data': [ascii('IIRO\x08\0\0\0\xff\x01'), hex('0000 0300 01000000 01000000')],
  text: [ascii('<?xml version="1.0"?>'), ascii(' '), ascii('<a>')],
  nothing: [ascii('\0'), ascii('\0'), hex('ff'), ascii('x')],
};

type Row = readonly [name: string, head: Buffer, unit: Buffer];
const rowsOf = (parts: typeof PARTS): Row[] =>
  Object.entries(parts).flatMap(([name, [head, ...units]]) =>
    units.map((unit, index): Row => [`${name} ${index + 1}`, head, unit]),
  );

/** Inspects and hashes an image, as a harvest does. */
async function judge(bytes: Buffer): Promise<string> {
  const result = await inspectImage(bytes, OPTIONS);
  await sha256Of(bytes);
  return result.ok ? 'OK' : result.code;
}

async function expectNoStall<T>(work: () => Promise<T>): Promise<T> {
  const { value, cost } = await measureWithin({ stallMs: STALL_MS }, work);
  expect(cost.stallMs).toBeLessThan(STALL_MS);
  return value;
}

describe('an image of 20 MiB', () => {
  it.each([...rowsOf(PARTS), ...rowsOf(OTHERS)])('stalls nobody: %s', async (_name, head, unit) => {
    const bytes = filled(head, unit);
    const verdict = await expectNoStall(() => judge(bytes));
    expect(verdict).toMatch(/^(?:OK|NOT_AN_IMAGE|IMAGE_TRUNCATED)$/);
  });

  it('stalls nobody, whatever parts it is mixed of', async () => {
    const file = fc
      .constantFrom(...Object.values(PARTS), ...Object.values(OTHERS))
      .chain(([head, ...units]) =>
        fc.record({
          head: fc.constant(head),
          runs: fc.array(fc.tuple(fc.constantFrom(...units), fc.nat(3_000_000)), {
            minLength: 2,
            maxLength: 6,
          }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(file, async ({ head, runs }) => {
        const parts = runs.map(([unit, count]) => Buffer.alloc(Math.min(count * unit.length, 4 * MIB), unit));
        const bytes = filled(head, Buffer.concat(parts));
        await expectNoStall(() => judge(bytes));
      }),
      { numRuns: 20 },
    );
  });

  it.each(['PNG', 'JPEG', 'GIF', 'WebP', 'BigTIFF', 'JPEG 2000', 'SVG content'])(
    'leaves others on time when a page has twelve of them: %s',
    async (name) => {
      const [head, unit = Buffer.alloc(1)] = PARTS[name] ?? [Buffer.alloc(0)];
      const bytes = filled(head, unit);
      await expectNoStall(() => Promise.all(Array.from({ length: TOGETHER }, () => judge(bytes))));
    },
  );
});

it('an icon whose pictures are the tails of one huge PNG stalls nobody', async () => {
  const head = iconOf(...Array.from({ length: 60_000 }, () => [1, 1, 32, Buffer.alloc(0)] as const));
  const signature = sample('plain.png').subarray(0, 8);
  const bytes = filled(head, Buffer.concat([signature, pngChunk('teXt')]));
  for (let index = 0; index < 60_000; index += 1) {
    bytes.writeUInt32LE(1, 14 + 16 * index);
    bytes.writeUInt32LE(head.length + 20 * index, 18 + 16 * index);
  }
  expect(await expectNoStall(() => judge(bytes))).toBe('IMAGE_TRUNCATED');
});

/** Repeated parts of a start tag, which is read up to 64 KiB. */
const IN_TAG = [
  ' ',
  '\t\n',
  '1',
  '1.',
  'e',
  '1e',
  '+',
  '-',
  '.5',
  '1 ',
  ',',
  ', ',
  'px',
  '%',
  '&#32;',
  'x="" ',
  'x=',
  "'",
];

describe('an SVG whose start tag is as long as it may be', () => {
  it.each(['width="', 'height="1" width="5', 'viewBox="', 'viewBox="0 0 9', '', 'x', '='])(
    'stalls nobody: %s',
    async (start) => {
      const drawings = IN_TAG.flatMap((unit) => {
        const tag = `<svg ${start}${unit.repeat(60_000 / unit.length)}`;
        const ends = ['"/>', '!" height="9"/>', '!"!/>', `"' viewBox='0 0 3 4'/>`];
        return ends.map((end) => Buffer.from(tag + end));
      });
      // All concurrently, as inline images of a page.
      await expectNoStall(() => Promise.all(drawings.map(judge)));
    },
  );
});

it('a thousand small images that arrive together stall nobody', async () => {
  const drawing = Buffer.from(`<svg ${'a="1" '.repeat(1_500)}></svg>`);
  await expectNoStall(() => Promise.all(Array.from({ length: 1_000 }, () => judge(drawing))));
});

it('an image of 200 MiB, which an operator may allow, stalls nobody either', async () => {
  const [head, unit = Buffer.alloc(1)] = PARTS.PNG ?? [Buffer.alloc(0)];
  const bytes = filled(head, unit, 200 * MIB);
  await expectNoStall(() => judge(bytes));
});
