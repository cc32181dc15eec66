/** Kinds of files that readers tend to get wrong, each as the bytes that make the difference. */
import { describe, expect, it } from '@jest/globals';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { countedBytes } from './countedBytes.ts';
import { app1, dibOf, exifOf, iconOf, miniOf } from './oddImages.ts';
import { boxOf, hex, pngOf, sample } from './samples.ts';

async function verdict(bytes: Buffer, isDelimited = false, maxPixels = 1e9): Promise<string> {
  const result = await inspectImage(bytes, { maxPixels, isDelimited });
  if (!result.ok) return result.code;
  const { extension, width, height } = result.facts;
  return `${extension} ${width}x${height}`;
}

const uint = (value: number): Buffer => hex(value.toString(16).padStart(8, '0'));
/** A little-endian TIFF of one directory whose entries have one number of four bytes each. */
const tiffOf = (
  entries: readonly (readonly [tag: number, value: number])[],
  behind = Buffer.alloc(0),
): Buffer => {
  const bytes = Buffer.alloc(8 + 2 + 12 * entries.length + 4);
  hex('49492a00 08000000').copy(bytes);
  bytes.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, value]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 10 + 12 * index);
    bytes.writeUInt16LE(4, 12 + 12 * index);
    bytes.writeUInt32LE(1, 14 + 12 * index);
    bytes.writeUInt32LE(value, 18 + 12 * index);
  }
  return Buffer.concat([bytes, behind]);
};
const page = (...more: readonly (readonly [number, number])[]) =>
  tiffOf([[0x100, 5], [0x101, 6], [0x103, 1], [0x111, 8], ...more], Buffer.alloc(30));

describe('a JPEG XL in boxes', () => {
  const head = sample('boxed.jxl').subarray(0, 32);
  const codestream = sample('naked.jxl');
  const [first, rest] = [codestream.subarray(0, 2), codestream.subarray(2)];
  const last = boxOf('jxlp', hex('80000001'), rest);
  const jpeg = boxOf('jbrd', Buffer.alloc(9));

  it('is made of all its parts, with metadata between them', async () => {
    const parts = [head, boxOf('jxlp', hex('00000000'), first), boxOf('Exif', Buffer.alloc(30)), jpeg, last];
    expect(await verdict(Buffer.concat(parts))).toBe('jxl 17x9');
    expect(await verdict(Buffer.concat(parts.slice(0, -1)), true)).toBe('IMAGE_TRUNCATED');
  });

  it('is cut when a box behind the codestream is', async () => {
    const bytes = Buffer.concat([head, boxOf('jxlc', codestream), jpeg]);
    expect(await verdict(bytes)).toBe('jxl 17x9');
    expect(await verdict(bytes.subarray(0, -1))).toBe('IMAGE_TRUNCATED');
  });

  it.each([
    ['jxlc', [codestream]],
    ['jxlp', [hex('80000000'), codestream]],
  ])('is never known to be whole when its %s is open', async (type, content) => {
    const open = boxOf(type, ...content);
    open.writeUInt32BE(0, 0);
    const bytes = Buffer.concat([head, open]);
    expect([await verdict(bytes, true), await verdict(bytes)]).toEqual(['jxl 17x9', 'IMAGE_TRUNCATED']);
  });
});

describe('an AVIF', () => {
  it('of one box is cut wherever its box is', async () => {
    const bytes = miniOf(6, false);
    expect(await verdict(bytes)).toBe('avif 13x23');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await verdict(bytes.subarray(0, length))).toMatch(/^(?:IMAGE|NOT)/);
    }
    bytes.writeUInt32BE(0, 16);
    expect([await verdict(bytes, true), await verdict(bytes)]).toEqual(['avif 13x23', 'IMAGE_TRUNCATED']);
  });

  it.each([
    [
      'its film lies in an open box',
      (bytes: Buffer) => bytes.writeUInt32BE(0, bytes.lastIndexOf('mdat') - 4),
    ],
    ['its film is in fragments', (bytes: Buffer) => bytes.write('moof', bytes.indexOf('mdat'))],
  ])('is never known to be whole when %s', async (_, change) => {
    const bytes = Buffer.concat([sample('sequence.avif'), boxOf('mdat', hex('00'))]);
    expect(await verdict(bytes)).toBe('avif 17x9');
    change(bytes);
    expect([await verdict(bytes, true), await verdict(bytes)]).toEqual(['avif 17x9', 'IMAGE_TRUNCATED']);
  });

  it('is cut when an item lies behind its end, or says no end', async () => {
    const bytes = sample('plain.avif');
    const box = bytes.indexOf('iloc');
    const data = bytes.readUInt32BE(bytes.indexOf('mdat') - 4) - 8;
    const at = bytes.indexOf(uint(data), box);
    for (const wrong of [data + 1, 0]) {
      bytes.writeUInt32BE(wrong, at);
      expect([await verdict(bytes, true), await verdict(bytes)]).toEqual(['avif 17x9', 'IMAGE_TRUNCATED']);
    }
  });
});

describe('a TIFF', () => {
  it('of 28 tags is no camera raw data, whatever tag comes first', async () => {
    const many = Array.from({ length: 24 }, (_, index) => [0xa100 + index, 1] as const);
    const bytes = tiffOf([[0xfe, 0], [0x100, 5], [0x101, 6], [0x111, 8], ...many], Buffer.alloc(9));
    expect(bytes.readUInt16LE(8)).toBe(28);
    expect(await verdict(bytes, true)).toBe('tiff 5x6');
  });

  it.each([
    ['a sensor’s pixels', page([0x106, 32_803])],
    ['pixels without colours', page([0x106, 34_892])],
    ['a version of DNG', page([0xc612, 0x0401])],
    [
      'them in a sub-directory',
      Buffer.concat([page([0x14a, 8 + 66 + 30]), tiffOf([[0x106, 32_803]]).subarray(8)]),
    ],
    ['Canon’s name', Buffer.concat([hex('49492a00 10000000 43520200 00000000'), page().subarray(8)])],
  ])('is camera raw data with %s', async (_, bytes) => {
    expect(await verdict(bytes, true)).toBe('NOT_AN_IMAGE');
  });

  it('whose strip does not say its length has that of its rows, when they are plain', async () => {
    const plain = page([0x117, 0]);
    expect(await verdict(plain)).toBe('tiff 5x6');
    expect(
      await verdict(
        tiffOf([
          [0x100, 5],
          [0x101, 600],
          [0x103, 1],
          [0x111, 8],
          [0x117, 0],
        ]),
      ),
    ).toBe('IMAGE_TRUNCATED');
    const packed = tiffOf(
      [
        [0x100, 5],
        [0x101, 6],
        [0x103, 5],
        [0x111, 8],
        [0x117, 0],
      ],
      Buffer.alloc(30),
    );
    expect([await verdict(packed, true), await verdict(packed)]).toEqual(['tiff 5x6', 'IMAGE_TRUNCATED']);
  });

  it('lies on its side by its orientation', async () => {
    for (let turn = 0; turn <= 9; turn += 1) {
      expect(await verdict(page([0x112, turn], [0x117, 30]))).toBe(
        turn >= 5 && turn <= 8 ? 'tiff 6x5' : 'tiff 5x6',
      );
    }
  });
});

describe('an icon', () => {
  it.each([
    ['PNG', pngOf(16, 16)],
    ['bitmap', dibOf(16, 16)],
  ])('is cut when its %s says that there is more than the directory says', async (_, picture) => {
    const bytes = iconOf([16, 16, 32, picture]);
    bytes.writeUInt32LE(41, 14);
    expect(await verdict(bytes)).toBe('ico 16x16');
    expect(await verdict(bytes.subarray(0, 6 + 16 + 42))).toBe('IMAGE_TRUNCATED');
  });
});

it('a WebP of 28 bytes is one', async () => {
  const bytes = hex('52494646 14000000 57454250 5650384c 08000000 2f00000000fffe00');
  expect([bytes.length, await verdict(bytes)]).toEqual([28, 'webp 1x1']);
  expect(await verdict(bytes.subarray(0, -1))).toBe('IMAGE_TRUNCATED');
});

describe('a pixel limit', () => {
  it.each([
    [
      'an orientation',
      Buffer.concat([
        hex('ffd8'),
        app1(exifOf([0x112, 3, 1, 6])),
        hex('ffc0000b08 03e8 03e9 01011100 ffda0008010100003f00 12 ffd9'),
      ]),
    ],
    ['the directory of an icon, whose PNG is larger', iconOf([1, 1, 32, pngOf(1000, 1001)])],
    ['the directory of an icon, whose bitmap is larger', iconOf([1, 1, 32, dibOf(1000, 1001)])],
  ])('is not evaded by %s', async (_, bytes) => {
    expect(await verdict(bytes, true, 1_000_000)).toBe('IMAGE_TOO_MANY_PIXELS');
    expect(await verdict(bytes, true, 1_001_000)).toMatch(/\d/);
  });
});

it.each([
  ['JPEG', 'baseline.jpg', hex('ff00')],
  ['PNG', 'plain.png', Buffer.from('\0\0\0\0tEXt\0\0\0\0')],
  ['GIF', 'plain.gif', hex('01')],
])('nothing behind its header is read of a %s whose end the transport tells', async (_, name, unit) => {
  // What the picture begins with, and then what has to be walked to find an end.
  const whole = Buffer.concat([sample(name).subarray(0, -12), Buffer.alloc(200_000, unit)]);
  const readsWhen = async (isDelimited: boolean): Promise<number> => {
    const { bytes, reads } = countedBytes(whole);
    await verdict(bytes, isDelimited);
    return reads();
  };
  expect(await readsWhen(true)).toBeLessThan(5_000);
  expect(await readsWhen(false)).toBeGreaterThan(50_000);
});
