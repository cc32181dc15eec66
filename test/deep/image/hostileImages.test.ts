/** Images that are made to cost time. Their codes through the whole service: test/deep/hostile/images.test.ts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { boxOf, hex, SAMPLES, sample } from '../../lib/image/samples.ts';
import { threadMs } from '../../support/processorTime.ts';

const MEBIBYTE = 1024 * 1024;
const OPTIONS = { maxPixels: 100_000_000, isDelimited: false };

/** `head`, and then `unit` again and again until there are so many bytes. */
function repeated(head: Buffer, unit: Buffer | string, length = 20 * MEBIBYTE): Buffer {
  const bytes = Buffer.alloc(length, unit);
  head.copy(bytes);
  const behind = Buffer.alloc(Math.max(0, length - head.length), unit);
  behind.copy(bytes, head.length);
  return bytes;
}

const svg = (start: string, unit: string): Buffer => repeated(Buffer.from(start), unit);
const avif = boxOf('ftyp', Buffer.from('avif\0\0\0\0avif'));
const jxl = hex('0000000c 4a584c20 0d0a870a');
const gif = Buffer.concat([Buffer.from('GIF89a'), hex('0100 0100 00 00 00')]);

function selfPointingIcon(): Buffer {
  const bytes = Buffer.alloc(6 + 16 * 255);
  hex('00000100 ff00').copy(bytes);
  for (let at = 6; at < bytes.length; at += 16) bytes.writeUInt32LE(bytes.length, at + 8);
  return bytes;
}

function iconOfDirectories(): Buffer {
  const bytes = Buffer.alloc(6 + 16 * 255);
  hex('00000100 ff00').copy(bytes);
  for (let at = 6; at < bytes.length; at += 16) bytes.writeUInt32LE(6, at + 12);
  return bytes;
}

function manyProperties(): Buffer {
  const ispe = boxOf('ispe', hex('00000000 00000010 00000010'));
  const associations = Buffer.alloc(9 * MEBIBYTE);
  associations.writeUInt32BE(0xffffffff, 4);
  const properties = boxOf(
    'iprp',
    boxOf('ipco', Buffer.alloc(9 * MEBIBYTE, ispe)),
    boxOf('ipma', associations),
  );
  return Buffer.concat([
    avif,
    boxOf('meta', hex('00000000'), boxOf('pitm', hex('00000000 0001')), properties),
  ]);
}

function manyTags(): Buffer {
  const bytes = Buffer.alloc(20 * MEBIBYTE, hex('0000 0300 0100000000000000 0000000000000000'));
  hex('49492b00 08000000 1000000000000000 ffffffffffff0000').copy(bytes);
  return bytes;
}

/** Each names the next, and each names as its own what the next one has. */
function manyDirectories(): Buffer {
  const bytes = Buffer.alloc(20 * MEBIBYTE);
  hex('49492a00 08000000').copy(bytes);
  for (let at = 8; at + 30 <= bytes.length; at += 30) {
    hex('0200 0001 0300 01000000 01000000 4a01 0400 01000000').copy(bytes, at);
    bytes.writeUInt32LE(at + 30, at + 22);
    bytes.writeUInt32LE(at + 60, at + 26);
  }
  return bytes;
}

/** A list of sub-directories that all are tails of one of 65,535 entries. */
function nestedDirectories(): Buffer {
  const bytes = Buffer.alloc(20 * MEBIBYTE, hex('ffff ffff 0300 01000000 01000000'));
  hex('49492a00 08000000 0100 4a01 0400 00000400 00000100 00000000').copy(bytes);
  for (let index = 0; index < 0x40000; index += 1)
    bytes.writeUInt32LE(0x200000 + 12 * index, 0x10000 + 4 * index);
  return bytes;
}

function manyStrips(): Buffer {
  const bytes = Buffer.alloc(20 * MEBIBYTE, 9);
  hex('49492a00 08000000 0200 1101 0100 00004001 32000000 1701 0100 00004001 32000000').copy(bytes);
  bytes.writeUInt32LE(bytes.length - 100, 14);
  bytes.writeUInt32LE(bytes.length - 100, 26);
  return bytes;
}

/** The code is what each must be refused with, where only one is right. */
const HOSTILE: readonly (readonly [name: string, make: () => Buffer, code?: string])[] = [
  ['PNG of empty chunks', () => repeated(sample('plain.png').subarray(0, 33), '\0\0\0\0tEXt\0\0\0\0')],
  ['JPEG of stuffed bytes', () => repeated(sample('baseline.jpg'), hex('ff00'))],
  ['JPEG of fill bytes', () => repeated(hex('ffd8ff'), hex('ff'))],
  ['JPEG of scans', () => repeated(hex('ffd8ff c0000b080010001001011100'), hex('ffda0008010100003f0000'))],
  ['JPEG of the shortest segments', () => repeated(hex('ffd8ff'), hex('ffe00002'))],
  ['GIF of frames', () => repeated(gif, hex('2c 00000000 01000100 00 08 01 01 00'))],
  [
    'GIF of frames and no screen',
    () => repeated(Buffer.from('GIF89a\0\0\0\0\0\0\0'), hex('2c 00000000 01000100 00 08 01 01 00')),
  ],
  ['GIF of one-byte blocks', () => repeated(gif, hex('2c 00000000 01000100 00 08 0101010101010101'))],
  ['GIF of nothing', () => repeated(gif, hex('00'))],
  [
    'WebP of empty chunks',
    () => repeated(Buffer.from('RIFF\xff\xff\xff\x0fWEBP', 'latin1'), 'ALPH\0\0\0\0'),
    'IMAGE_TRUNCATED',
  ],
  ['AVIF of empty boxes', () => repeated(avif, boxOf('free'))],
  ['AVIF with boxes of size 0', () => repeated(avif, hex('00')), 'IMAGE_TRUNCATED'],
  ['AVIF with boxes of size 1', () => repeated(avif, hex('00000001 6d657461 0000000000000000'))],
  ['AVIF of properties', manyProperties],
  [
    'HEIC with boxes of size 0',
    () => repeated(boxOf('ftyp', Buffer.from('heic\0\0\0\0')), hex('00')),
    'IMAGE_TRUNCATED',
  ],
  ['JPEG XL of empty boxes', () => repeated(jxl, boxOf('jxlp'))],
  ['JPEG XL with boxes of size 0', () => repeated(jxl, hex('00000000 6a786c63'))],
  ['JPEG XL with levels of size 0', () => repeated(jxl, hex('00000000 6a786c6c')), 'IMAGE_TRUNCATED'],
  ['JPEG 2000 of headers', () => repeated(hex('0000000c 6a502020 0d0a870a'), boxOf('jp2h'))],
  ['ICO that points at itself', selfPointingIcon, 'NOT_AN_IMAGE'],
  ['ICO that points at its directory', iconOfDirectories, 'NOT_AN_IMAGE'],
  [
    'ICO of one picture that points at itself',
    () => hex('00000100 0100 1010000001002000 10000000 06000000'),
    'NOT_AN_IMAGE',
  ],
  [
    'TIFF whose directory is its own next',
    () => hex('49492a00 08000000 0100 0001 0300 01000000 01000000 08000000'),
    'IMAGE_TRUNCATED',
  ],
  ['BigTIFF of tags', manyTags],
  ['TIFF of directories', manyDirectories],
  ['TIFF of directories inside directories', nestedDirectories],
  ['TIFF of strips', manyStrips],
  ['comments without a root', () => svg('', '<!---->')],
  ['SVG of opening brackets', () => svg('<svg ', '<svg ')],
  ['SVG of attributes', () => svg('<svg ', 'a="1" ')],
  ['SVG with quotes inside quotes', () => svg('<svg ', `width="'" `)],
  ['SVG of comments', () => svg('<svg>', '<!---->')],
  ['SVG of NULs', () => svg('<svg>', '\0')],
  ['SVG of end tags', () => svg('<svg>', '</svg')],
  ['doctype of brackets', () => svg('<!DOCTYPE svg [', '["')],
  ['doctype of entities', () => svg('<!DOCTYPE svg [', '<!ENTITY a "&b;&b;">')],
  ['blanks', () => svg('', ' ')],
];

describe('a hostile image', () => {
  it.each(HOSTILE)('is judged in linear time: %s', async (...row) => {
    const [, make, code] = row;
    const bytes = make();
    const start = threadMs();
    const result = await inspectImage(bytes, OPTIONS);
    // 20 MiB took at most 0.3 s of processor time; a quadratic reader would take hours.
    expect(threadMs() - start).toBeLessThan(3_000);
    expect(result.ok ? 'OK' : result.code).toMatch(
      /^(OK|NOT_AN_IMAGE|IMAGE_TRUNCATED|IMAGE_TOO_MANY_PIXELS)$/,
    );
    if (code !== undefined) expect(result).toMatchObject({ ok: false, code });
  });

  it('cannot pass for a small one by cropping', async () => {
    const cropped = Buffer.from(sample('odd.heic'));
    const ispe = cropped.indexOf('ispe');
    cropped.writeUInt32BE(60_000, ispe + 8);
    cropped.writeUInt32BE(60_000, ispe + 12);
    expect(await inspectImage(cropped, OPTIONS)).toMatchObject({ code: 'IMAGE_TOO_MANY_PIXELS' });
  });

  it('never makes the inspection throw, whatever its bytes', async () => {
    const drawing = Buffer.from(
      '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg width="9" viewBox="0 0 3 4"></svg>',
    );
    const seeds = [drawing, ...SAMPLES.map(([name]) => sample(name))];
    const mutation = fc.record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255))), {
        maxLength: 12,
      }),
      length: fc.nat(),
      tail: fc.uint8Array({ maxLength: 40 }),
      isDelimited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ seed, changes, length, tail, isDelimited }) => {
        const bytes = Buffer.concat([seed.subarray(0, length % (seed.length + 1)), tail]);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        const result = await inspectImage(bytes, { maxPixels: 1_000, isDelimited });
        if (!result.ok) return;
        const { width, height } = result.facts;
        for (const side of [width, height]) expect(side === null || side >= 1).toBe(true);
        if (result.facts.contentType !== 'image/svg+xml') {
          expect((width ?? 0) * (height ?? 0)).toBeLessThanOrEqual(1_000);
        }
      }),
      { numRuns: 4_000 },
    );
  });
});
