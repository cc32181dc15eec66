/** Pictures in which two places say another size, or that say it in an odd way; each with what Chromium 156 shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { boxOf, hex, sample } from './samples.ts';

export interface OddImage {
  readonly name: string;
  readonly bytes: Buffer;
  /** As shown. */
  readonly size: string;
}

const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
type Entry = readonly [tag: number, type: number, count: number, value: number];

const uint = (value: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
};

function directoryOf(entries: readonly Entry[]): Buffer {
  const rows = entries.map(([tag, type, count, value]) =>
    Buffer.concat([
      uint(tag, 2),
      uint(type, 2),
      uint(count, 4),
      type === SHORT ? Buffer.concat([uint(value, 2), hex('0000')]) : uint(value, 4),
    ]),
  );
  return Buffer.concat([uint(entries.length, 2), ...rows, uint(0, 4)]);
}

/** EXIF data of one directory: a TIFF header, then the entries. */
export function exifOf(...entries: readonly Entry[]): Buffer {
  return Buffer.concat([hex('4d4d002a 00000008'), directoryOf(entries)]);
}

const orientation = (value: number, type = SHORT, count = 1): Entry => [0x112, type, count, value];

/** EXIF data with a density in dots an inch (or another unit), and the dimensions that it makes. */
function densityOf(dots: number, width: number, height: number, unit = 2, ...more: readonly Entry[]): Buffer {
  const count = 4 + more.length;
  const rational = 8 + 2 + 12 * count + 4;
  const first = exifOf(
    ...more,
    [0x11a, RATIONAL, 1, rational],
    [0x11b, RATIONAL, 1, rational],
    [0x128, SHORT, 1, unit],
    [0x8769, LONG, 1, rational + 8],
  );
  const second = directoryOf([
    [0xa002, LONG, 1, width],
    [0xa003, LONG, 1, height],
  ]);
  return Buffer.concat([first, uint(dots, 4), uint(1, 4), second]);
}

const JPEG = sample('baseline.jpg');
export function app1(content: Buffer, name = 'Exif\0\0'): Buffer {
  return Buffer.concat([hex('ffe1'), uint(2 + name.length + content.length, 2), Buffer.from(name), content]);
}
const jpegWith = (...segments: readonly Buffer[]): Buffer =>
  Buffer.concat([JPEG.subarray(0, 2), ...segments, JPEG.subarray(2)]);
const scanAt = JPEG.indexOf(hex('ffda'));

const PNG = sample('plain.png');
const chunk = (type: string, data: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint(data.length, 4), named, uint(crc32(named), 4)]);
};
const pngWith = (at: number, ...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([PNG.subarray(0, at), ...chunks, PNG.subarray(at)]);
const BEHIND_HEADER = 33;
const wrongChecksum = chunk('eXIf', exifOf(orientation(6)));
wrongChecksum[wrongChecksum.length - 1] = (wrongChecksum.at(-1) ?? 0) ^ 1;

const gifOf = (width: number, height: number, ...frames: readonly (readonly number[])[]): Buffer => {
  const sides = (...numbers: readonly number[]) => Buffer.from(numbers.flatMap((n) => [n & 0xff, n >> 8]));
  const drawn = frames.map((frame) => Buffer.concat([hex('2c'), sides(...frame), hex('00 02 02 4c01 00')]));
  return Buffer.concat([
    Buffer.from('GIF89a'),
    sides(width, height),
    hex('80 00 00 000000 ffffff'),
    ...drawn,
    hex('3b'),
  ]);
};

const bmpWith = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = sample('plain.bmp');
  change(bytes);
  return bytes;
};

type IconEntry = readonly [width: number, height: number, depth: number, picture: Buffer];
export function iconOf(...entries: readonly IconEntry[]): Buffer {
  const head = Buffer.alloc(6 + 16 * entries.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(entries.length, 4);
  let start = head.length;
  for (const [index, [width, height, depth, picture]] of entries.entries()) {
    const at = 6 + 16 * index;
    head.set([width, height], at);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(depth, at + 6);
    head.writeUInt32LE(picture.length, at + 8);
    head.writeUInt32LE(start, at + 12);
    start += picture.length;
  }
  return Buffer.concat([head, ...entries.map(([, , , picture]) => picture)]);
}

/** The bitmap of an icon: a header, rows of 32 bits a pixel, and the mask. */
export function dibOf(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(40 + 4 * width * height + 4 * Math.ceil(width / 32) * height);
  bytes.writeUInt32LE(40, 0);
  bytes.writeInt32LE(width, 4);
  bytes.writeInt32LE(2 * height, 8);
  bytes.writeUInt16LE(1, 12);
  bytes.writeUInt16LE(32, 14);
  return bytes;
}

/** A low-overhead AVIF: what an AVIF of 23 by 13 pixels has in many boxes, in one (ISO/IEC 23008-12, third edition, amendment 2). */
export function miniOf(turn: number, isLarge: boolean): Buffer {
  const avif = readFileSync(join(import.meta.dirname, 'samples/encoded/avifenc.avif'));
  const config = avif.subarray(avif.indexOf('av1C') + 4, avif.indexOf('av1C') + 8);
  const data = avif.subarray(avif.lastIndexOf('mdat') + 4);
  const sideBits = isLarge ? 15 : 7;
  const fields: readonly (readonly [value: number, bits: number])[] = [
    [0, 2],
    [0b0_0_1_0_0_0_0_0_0, 9],
    [3, 2],
    [turn - 1, 3],
    [isLarge ? 1 : 0, 1],
    [22, sideBits],
    [12, sideBits],
    [0, 1],
    // Eight bits a sample, short fields for the lengths of the codec's settings and of the data.
    [0, 1],
    [0, 1],
    [config.length, 3],
    [data.length - 1, 15],
  ];
  const bits = fields.map(([value, length]) => value.toString(2).padStart(length, '0')).join('');
  const packed = bits.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)) ?? [];
  const brands = Buffer.concat([hex('00000010'), Buffer.from('ftypmif3avif')]);
  return Buffer.concat([brands, boxOf('mini', Buffer.from(packed), config, data)]);
}

const svgOf = (attributes: string, before = ''): Buffer =>
  Buffer.from(`${before}<svg xmlns="http://www.w3.org/2000/svg" ${attributes}/>`);

export const ODD_IMAGES: readonly OddImage[] = (
  [
    [
      'JPEG: a second EXIF segment',
      jpegWith(app1(exifOf(orientation(1))), app1(exifOf(orientation(6)))),
      '17x9',
    ],
    [
      'JPEG: a first EXIF segment',
      jpegWith(app1(exifOf(orientation(6))), app1(exifOf(orientation(1)))),
      '9x17',
    ],
    [
      'JPEG: an EXIF segment behind an unreadable one',
      jpegWith(app1(hex('00')), app1(exifOf(orientation(6)))),
      '17x9',
    ],
    ['JPEG: the second entry of a tag', jpegWith(app1(exifOf(orientation(1), orientation(6)))), '17x9'],
    ['JPEG: the first entry of a tag', jpegWith(app1(exifOf(orientation(6), orientation(1)))), '9x17'],
    ['JPEG: an orientation of four bytes', jpegWith(app1(exifOf(orientation(6, LONG)))), '17x9'],
    ['JPEG: two orientations', jpegWith(app1(exifOf(orientation(6, SHORT, 2)))), '17x9'],
    ['JPEG: an orientation of nine', jpegWith(app1(exifOf(orientation(9)))), '17x9'],
    ['JPEG: an orientation of five', jpegWith(app1(exifOf(orientation(5)))), '9x17'],
    ['JPEG: another byte behind the name', jpegWith(app1(exifOf(orientation(6)), 'Exif\0\x01')), '9x17'],
    [
      'JPEG: EXIF data without the offset of a next directory',
      jpegWith(app1(exifOf(orientation(6)).subarray(0, -4))),
      '9x17',
    ],
    [
      'JPEG: EXIF data behind the frame header',
      Buffer.concat([JPEG.subarray(0, scanAt), app1(exifOf(orientation(6))), JPEG.subarray(scanAt)]),
      '9x17',
    ],
    [
      'JPEG: EXIF data behind the scan',
      Buffer.concat([JPEG.subarray(0, -2), app1(exifOf(orientation(6))), JPEG.subarray(-2)]),
      '17x9',
    ],
    [
      'JPEG: another height behind the scan',
      Buffer.concat([JPEG.subarray(0, -2), hex('ffdc00040020'), JPEG.subarray(-2)]),
      '17x9',
    ],
    ['JPEG: half the density', jpegWith(app1(densityOf(36, 34, 18))), '34x18'],
    ['JPEG: twice the density', jpegWith(app1(densityOf(144, 9, 5))), '9x5'],
    ['JPEG: a density that the dimensions deny', jpegWith(app1(densityOf(36, 33, 18))), '17x9'],
    ['JPEG: a density without unit', jpegWith(app1(densityOf(36, 34, 18, 1))), '17x9'],
    ['JPEG: a density in centimetres', jpegWith(app1(densityOf(36, 34, 18, 3))), '17x9'],
    ['JPEG: density and orientation', jpegWith(app1(densityOf(36, 34, 18, 2, orientation(6)))), '18x34'],
    [
      'PNG: EXIF data before the picture',
      pngWith(BEHIND_HEADER, chunk('eXIf', exifOf(orientation(6)))),
      '9x17',
    ],
    [
      'PNG: EXIF data behind the picture',
      pngWith(PNG.length - 12, chunk('eXIf', exifOf(orientation(6)))),
      '17x9',
    ],
    [
      'PNG: EXIF data with the name that a JPEG has',
      pngWith(BEHIND_HEADER, chunk('eXIf', Buffer.concat([Buffer.from('Exif\0\0'), exifOf(orientation(6))]))),
      '17x9',
    ],
    [
      'PNG: a second EXIF chunk',
      pngWith(BEHIND_HEADER, chunk('eXIf', exifOf(orientation(1))), chunk('eXIf', exifOf(orientation(6)))),
      '17x9',
    ],
    [
      'PNG: a first EXIF chunk',
      pngWith(BEHIND_HEADER, chunk('eXIf', exifOf(orientation(6))), chunk('eXIf', exifOf(orientation(1)))),
      '9x17',
    ],
    ['PNG: EXIF data with a wrong checksum', pngWith(BEHIND_HEADER, wrongChecksum), '17x9'],
    ['PNG: a density', pngWith(BEHIND_HEADER, chunk('eXIf', densityOf(36, 34, 18))), '17x9'],
    ['GIF: a first frame larger than the screen', gifOf(10, 10, [0, 0, 20, 15]), '20x15'],
    ['GIF: a first frame wider than the screen', gifOf(10, 10, [0, 0, 20, 5]), '20x10'],
    ['GIF: a first frame that reaches beyond the screen', gifOf(10, 10, [5, 5, 8, 8]), '13x13'],
    ['GIF: a first frame outside the screen', gifOf(10, 10, [20, 20, 8, 8]), '28x28'],
    ['GIF: a second frame larger than the screen', gifOf(10, 10, [0, 0, 10, 10], [0, 0, 30, 30]), '10x10'],
    ['GIF: a screen of no size', gifOf(0, 0, [2, 2, 20, 5], [0, 0, 40, 40]), '22x7'],
    ['BMP: no planes', bmpWith((bytes) => bytes.writeUInt16LE(0, 26)), '17x9'],
    ['BMP: nine planes', bmpWith((bytes) => bytes.writeUInt16LE(9, 26)), '17x9'],
    ['BMP: rows from top to bottom', bmpWith((bytes) => bytes.writeInt32LE(-9, 22)), '17x9'],
    ['ICO: a bitmap larger than its entry', iconOf([16, 16, 32, dibOf(24, 24)]), '16x16'],
    ['ICO: a PNG larger than its entry', iconOf([16, 8, 32, PNG]), '16x8'],
    ['ICO: a PNG whose entry says 256', iconOf([0, 0, 32, PNG]), '256x256'],
    ['ICO: the larger of two', iconOf([16, 16, 32, dibOf(16, 16)], [32, 32, 4, dibOf(32, 32)]), '32x32'],
    ['ICO: the deeper of two alike', iconOf([8, 32, 8, dibOf(8, 32)], [32, 8, 32, dibOf(32, 8)]), '32x8'],
    ['AVIF: in one box', miniOf(1, false), '23x13'],
    ['AVIF: in one box, turned', miniOf(6, false), '13x23'],
    ['AVIF: in one box with long sides', miniOf(8, true), '13x23'],
    ['SVG: nothing said', svgOf(''), '300x150'],
    ['SVG: a viewBox alone', svgOf('viewBox="0 0 30 20"'), '225x150'],
    ['SVG: a wide viewBox', svgOf('viewBox="0 0 400 100"'), '300x75'],
    ['SVG: a high viewBox', svgOf('viewBox="0 0 100 400"'), '38x150'],
    ['SVG: shares', svgOf('width="50%" height="40" viewBox="0 0 30 20"'), '60x40'],
    ['SVG: a width alone', svgOf('width="30"'), '30x150'],
    ['SVG: units', svgOf('width="1in" height="2cm"'), '96x76'],
    ['SVG: a doctype of another name', svgOf('width="4" height="5"', '<!DOCTYPE html>'), '4x5'],
    [
      'SVG: any prefix',
      Buffer.from('<a:svg xmlns:a="http://www.w3.org/2000/svg" width="4" height="5"/>'),
      '4x5',
    ],
    ['SVG: a long prologue', svgOf('width="4" height="5"', `<!--${' '.repeat(300_000)}-->`), '4x5'],
    ['SVG: a long start tag', svgOf(`width="4" height="5" data-x="${' '.repeat(100_000)}"`), '4x5'],
  ] as const
).map(([name, bytes, size]) => ({ name, bytes, size }));
