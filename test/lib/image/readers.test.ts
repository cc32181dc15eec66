import { describe, expect, it } from '@jest/globals';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { boxOf, hex, sample } from './samples.ts';

async function inspect(bytes: Buffer, isDelimited = false): Promise<unknown> {
  const result = await inspectImage(bytes, { maxPixels: 1e12, isDelimited });
  if (!result.ok) return result.code;
  const { extension, width, height } = result.facts;
  return `${extension} ${width}x${height}`;
}

/** With other brands in a box of the same length, since offsets count from the start of the file. */
function rebranded(name: string, major: string, compatible: string): Buffer {
  const bytes = sample(name);
  const end = bytes.readUInt32BE(0);
  bytes.fill('free', 8, end).write(`${major}\0\0\0\0${compatible}`, 8, 'latin1');
  return bytes;
}

describe('the JPEG reader', () => {
  const jpeg = sample('baseline.jpg');
  const withExif = (content: Buffer): Buffer => {
    const segment = Buffer.concat([hex('ffe1 0000'), Buffer.from('Exif\0\0'), content]);
    segment.writeUInt16BE(segment.length - 2, 2);
    return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
  };

  it('is not fooled by a thumbnail, neither its size nor its end', async () => {
    const thumbnail = hex('ffd8 ffc0000b08 0001 0001 01011100 ffda0008010100003f00 00 ffd9');
    const bytes = withExif(thumbnail);
    expect(await inspect(bytes)).toBe('jpg 17x9');
    expect(await inspect(bytes.subarray(0, bytes.length - 2))).toBe('IMAGE_TRUNCATED');
  });

  it('steps over fill bytes, restart marks and stuffed bytes', async () => {
    const scan = hex('ffda0008010100003f00 12 ff00 34 ffd0 56 ffff ffd9');
    expect(await inspect(Buffer.concat([hex('ffd8 ffff ffc0000b08 0009 0011 01011100'), scan]))).toBe(
      'jpg 17x9',
    );
  });

  const withoutHeight = hex('ffd8 ffc0000b08 0000 0011 01011100 ffda0008010100003f00 12');

  it('takes the height from behind the scan when the header leaves it open', async () => {
    const lines = hex('ffdc0004 0009');
    expect(await inspect(Buffer.concat([withoutHeight, lines, hex('ffd9')]))).toBe('jpg 17x9');
    expect(await inspect(Buffer.concat([withoutHeight, lines]))).toBe('IMAGE_TRUNCATED');
    expect(await inspect(Buffer.concat([withoutHeight, lines]), true)).toBe('jpg 17x9');
  });

  it.each([
    ['nothing', ''],
    ['a height of zero', 'ffdc0004 0000'],
    ['half a height', 'ffdc0004 00'],
  ])('takes %s there for a picture that is not all there', async (_, lines) => {
    expect(await inspect(Buffer.concat([withoutHeight, hex(lines)]), true)).toBe('IMAGE_TRUNCATED');
    expect(await inspect(Buffer.concat([withoutHeight, hex(lines), hex('ffd9')]))).toBe('IMAGE_TRUNCATED');
  });

  it('believes the header when a later height says something else, as browsers do', async () => {
    const scan = hex('ffd8 ffc0000b08 0009 0011 01011100 ffda0008010100003f00 12');
    for (const lines of ['0008', '0010', 'ffff']) {
      const bytes = Buffer.concat([scan, hex(`ffdc0004 ${lines} ffd9`)]);
      expect(await inspect(bytes)).toBe('jpg 17x9');
    }
  });
});

describe('the GIF reader', () => {
  const frame = (left: number, top: number, width: number, height: number): Buffer => {
    const bytes = hex('2c 0000 0000 0000 0000 00 08 01 01 00');
    for (const [at, side] of [left, top, width, height].entries()) bytes.writeUInt16LE(side, 1 + 2 * at);
    return bytes;
  };
  const gif = (screen: string, ...frames: readonly Buffer[]): Buffer =>
    Buffer.concat([hex(`47494638 3961 ${screen} 00 00 00`), ...frames, hex('3b')]);

  it('makes the screen as large as the first frame reaches, as browsers do', async () => {
    expect(await inspect(gif('0000 0000', frame(0, 0, 17, 2), frame(3, 4, 5, 5)))).toBe('gif 17x2');
    expect(await inspect(gif('1100 0000', frame(0, 0, 20, 9)))).toBe('gif 20x9');
    expect(await inspect(gif('1100 0900', frame(0, 0, 20, 20)))).toBe('gif 20x20');
    expect(await inspect(gif('0a00 0a00', frame(20, 20, 8, 8)))).toBe('gif 28x28');
    expect(await inspect(gif('1100 0900', frame(0, 0, 1, 1), frame(0, 0, 90, 90)))).toBe('gif 17x9');
  });
});

describe('the PNG reader', () => {
  it("takes Apple's chunk before the header", async () => {
    const png = sample('plain.png');
    const apple = Buffer.concat([
      png.subarray(0, 8),
      hex('00000004'),
      Buffer.from('CgBI'),
      hex('50002006 00000000'),
      png.subarray(8),
    ]);
    expect(await inspect(apple)).toBe('png 17x9');
  });

  it('wants more than an empty chunk of picture data', async () => {
    const png = sample('plain.png');
    const empty = Buffer.concat([png.subarray(0, 33), hex('00000000 49444154 35af061e'), png.subarray(-12)]);
    expect(await inspect(empty, true)).toBe('IMAGE_TRUNCATED');
  });
});

describe('the WebP reader', () => {
  it('takes a side of zero for no size', async () => {
    const bytes = sample('lossy.webp');
    bytes.writeUInt16LE(0, 26);
    expect(await inspect(bytes)).toBe('webp nullx9');
  });
});

describe('the HEIF reader', () => {
  it.each([
    ['plain.avif', 'mif1', 'mif1avifmiaf', 'avif'],
    ['plain.avif', 'mif1', 'mif1', 'heif'],
    ['plain.avif', 'miaf', 'miafavif', 'avif'],
    ['plain.avif', 'MA1B', 'MA1B', 'avif'],
    ['plain.avif', 'mif2', 'mif1avif', 'avif'],
    ['plain.avif', '1pic', 'avif', 'avif'],
    ['plain.avif', 'zzzz', 'miafavif', 'avif'],
    ['odd.heic', 'geo1', 'mif1heic', 'heic'],
    ['odd.heic', 'geo1', 'geo1', 'heif'],
    ['odd.heic', 'heis', 'heis', 'heic'],
    ['odd.heic', 'mif2', 'mif2', 'heif'],
    ['odd.heic', 'mif1', 'mif1heic', 'heic'],
  ])('knows %s with major brand %s and the brands %s as %s', async (name, major, compatible, extension) => {
    expect(await inspect(rebranded(name, major, compatible))).toBe(`${extension} 17x9`);
  });

  it.each([
    ['plain.avif', 'avis', 'avif'],
    ['odd.heic', 'hevc', 'heic'],
  ])('misses the track that %s as %s promises', async (name, brand, extension) => {
    const bytes = rebranded(name, brand, brand);
    expect(await inspect(bytes)).toBe('IMAGE_TRUNCATED');
    expect(await inspect(bytes, true)).toBe(`${extension} 17x9`);
  });

  it.each(['isom', 'mp42', 'M4V ', 'qt  ', 'crx '])(
    'leaves a film or raw data of brand %s alone',
    async (brand) => {
      expect(await inspect(rebranded('plain.avif', brand, 'isomiso2'), true)).toBe('NOT_AN_IMAGE');
    },
  );

  it('takes the primary item, not the largest', async () => {
    const ispe = (side: number): Buffer => {
      const content = Buffer.alloc(12);
      content.writeUInt32BE(side, 4);
      content.writeUInt32BE(side, 8);
      return boxOf('ispe', content);
    };
    const meta = boxOf(
      'meta',
      hex('00000000'),
      boxOf('pitm', hex('00000000 0007')),
      // Item 3 has property 1, item 7 has property 2.
      boxOf(
        'iprp',
        boxOf('ipco', ispe(500), ispe(40)),
        boxOf('ipma', hex('00000000 00000002 0003 01 01 0007 01 82')),
      ),
    );
    const bytes = Buffer.concat([sample('plain.avif').subarray(0, 32), meta, boxOf('mdat', hex('00'))]);
    expect(bytes.toString('latin1', 4, 8)).toBe('ftyp');
    expect(await inspect(bytes)).toBe('avif 40x40');
  });

  it('goes by the items where the last box has no length', async () => {
    const bytes = sample('plain.avif');
    bytes.writeUInt32BE(0, bytes.indexOf('mdat') - 4);
    expect(await inspect(bytes)).toBe('avif 17x9');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await inspect(bytes.subarray(0, length))).toMatch(/IMAGE|NOT/);
    }
  });
});

describe('the JPEG XL reader', () => {
  it.each([
    // div8, 5 bits of height / 8 - 1, 3 bits of ratio: 1:1, then 16:9.
    ['a square in eights', [1, 7, 5, 1, 3], '64x64'],
    ['a ratio in eights', [1, 8 - 1, 5, 5, 3], '113x64'],
  ])('knows %s', async (_, [div8 = 0, side = 0, , ratio = 0], size) => {
    const bits = div8 | (side << 1) | (ratio << 6);
    const bytes = Buffer.concat([hex('ff0a'), Buffer.from([bits & 0xff, bits >> 8]), Buffer.alloc(20)]);
    expect(await inspect(bytes, true)).toBe(`jxl ${size}`);
    expect(await inspect(bytes, false)).toBe('IMAGE_TRUNCATED');
  });

  it('wants the last part of a codestream in parts', async () => {
    const head = sample('boxed.jxl').subarray(0, 12);
    const codestream = sample('naked.jxl');
    const parts = [codestream.subarray(0, 40), codestream.subarray(40)];
    const [first, last] = [
      boxOf('jxlp', hex('00000000'), ...parts.slice(0, 1)),
      boxOf('jxlp', hex('80000001'), ...parts.slice(1)),
    ];
    expect(await inspect(Buffer.concat([head, first]))).toBe('IMAGE_TRUNCATED');
    expect(await inspect(Buffer.concat([head, first, last]))).toBe('jxl 17x9');
  });
});

describe('the BMP reader', () => {
  it('takes rows from top to bottom, and a wrong file size', async () => {
    const bytes = sample('plain.bmp');
    bytes.writeUInt32LE(0, 2);
    bytes.writeInt32LE(-9, 22);
    expect(await inspect(bytes)).toBe('bmp 17x9');
  });

  it("takes OS/2's short header", async () => {
    const header = hex('424d 00000000 00000000 1a000000 0c000000 0200 0100 0100 1800');
    expect(await inspect(Buffer.concat([header, Buffer.alloc(8)]))).toBe('bmp 2x1');
    expect(await inspect(Buffer.concat([header, Buffer.alloc(7)]))).toBe('IMAGE_TRUNCATED');
  });
});

describe('the ICO reader', () => {
  it('knows a cursor', async () => {
    const bytes = sample('two.ico');
    bytes.writeUInt16LE(2, 2);
    expect(await inspect(bytes)).toBe('cur 48x48');
  });

  it('takes zero for 256 pixels when the picture is a bitmap', async () => {
    const entry = hex('00000100 0100 0000 0000 0100 2000 04000000 16000000 28000000');
    expect(await inspect(entry)).toBe('ico 256x256');
  });
});

describe('the TIFF reader', () => {
  it('takes the first picture of several', async () => {
    const page = hex(
      '49492a00 0a000000 0102 0400 0001 0300 01000000 05000000 0101 0300 01000000 06000000 1101 0400 01000000 08000000 1701 0400 01000000 02000000 40000000',
    );
    expect(await inspect(page, true)).toBe('tiff 5x6');
    // The second one is not there.
    expect(await inspect(page)).toBe('IMAGE_TRUNCATED');
  });

  it('reads either byte order', async () => {
    const page = hex(
      '4d4d002a 0000000a 0102 0004 0100 0003 00000001 00050000 0101 0003 00000001 00060000 0111 0004 00000001 00000008 0117 0004 00000001 00000002 00000000',
    );
    expect(await inspect(page)).toBe('tiff 5x6');
  });
});
