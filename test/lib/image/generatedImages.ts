/** Valid files of every container, made of its parts in any order and number that its standard allows. */
import fc from 'fast-check';
import { codestream, heif, jp2, jxl } from './generatedBoxes.ts';
import { data, type GeneratedImage, segment, shown, side, turn, uint } from './generatedParts.ts';
import { dibOf, exifOf, iconOf } from './oddImages.ts';
import { hex, pngChunk, pngOf } from './samples.ts';

const exifSegment = (orientation: number): Buffer =>
  segment('e1', Buffer.concat([Buffer.from('Exif\0\0'), exifOf([0x112, 3, 1, orientation])]));

function jpegOf(width: number, height: number, scan: Buffer, ...segments: readonly Buffer[]): Buffer {
  const stuffed = Buffer.from([...scan].flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
  const frame = segment('c0', Buffer.concat([hex('08'), uint(height, 2), uint(width, 2), hex('01 011100')]));
  return Buffer.concat([
    hex('ffd8'),
    ...segments,
    frame,
    segment('da', hex('01 0100 003f00')),
    stuffed,
    hex('ffd9'),
  ]);
}

/** The index of a Multi-Picture file that names further pictures of these lengths right behind the first. */
function pictureIndex(lengths: readonly number[], firstEnd: number, start: number): Buffer {
  const entries = [hex('00030000 00000000 00000000 00000000')];
  let offset = firstEnd - start;
  for (const length of lengths) {
    entries.push(Buffer.concat([hex('00000000'), uint(length, 4), uint(offset, 4), hex('00000000')]));
    offset += length;
  }
  const list = Buffer.concat(entries);
  return Buffer.concat([
    hex('4d4d002a 00000008 0001 b002 0007'),
    uint(list.length, 4),
    uint(26, 4),
    uint(0, 4),
    list,
  ]);
}

const jpeg = fc
  .record({ width: side, height: side, scan: data(1), metadata: fc.array(data()), orientation: turn })
  .map(({ width, height, scan, metadata, orientation }) => {
    const segments = metadata.map((content) => segment('e5', Buffer.concat([hex('ffd8ffd9'), content])));
    return shown(
      jpegOf(width, height, scan, ...segments, exifSegment(orientation)),
      width,
      height,
      orientation,
    );
  });

const multiPicture = fc
  .record({
    width: side,
    height: side,
    orientation: turn,
    scans: fc.array(data(1), { minLength: 2, maxLength: 5 }),
  })
  .map(({ width, height, orientation, scans }) => {
    const [first = Buffer.alloc(1), ...others] = scans;
    const pictures = others.map((scan) => jpegOf(5, 5, scan));
    const lengths = pictures.map(({ length }) => length);
    const withIndex = (firstEnd: number): Buffer => {
      const exif = exifSegment(orientation);
      // Behind the first mark, the EXIF segment, and its own marker, length and name.
      const index = pictureIndex(lengths, firstEnd, 2 + exif.length + 8);
      return jpegOf(width, height, first, exif, segment('e2', Buffer.concat([Buffer.from('MPF\0'), index])));
    };
    return shown(
      Buffer.concat([withIndex(withIndex(10_000).length), ...pictures]),
      width,
      height,
      orientation,
    );
  });

/** A gain map or a film behind the picture, named by XMP in one of its forms. */
const described = fc
  .record({
    width: side,
    height: side,
    scan: data(1),
    appendix: data(1, 90),
    form: fc.constantFrom(
      (length: number) =>
        `<Container:Item Item:Semantic="Primary" Item:Padding="3"/><Container:Item Item:Length="${length - 3}"/>`,
      (length: number) => `<Item:Length>${length}</Item:Length>`,
      (length: number) => `GCamera:MicroVideoOffset="${length}"`,
    ),
  })
  .filter(({ appendix }) => appendix.length > 3)
  .map(({ width, height, scan, appendix, form }) => {
    const xmp = Buffer.from(`http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>${form(appendix.length)}</x:xmpmeta>`);
    return shown(Buffer.concat([jpegOf(width, height, scan, segment('e1', xmp)), appendix]), width, height);
  });

const png = fc
  .record({
    width: side,
    height: side,
    before: fc.array(data(), { maxLength: 4 }),
    picture: fc.array(data(1), { minLength: 1, maxLength: 4 }),
    behind: fc.array(data(), { maxLength: 4 }),
  })
  .map(({ width, height, before, picture, behind }) => {
    const whole = pngOf(width, height);
    const chunks = [
      ...before.map((content) => pngChunk('teXt', content)),
      ...picture.map((content) => pngChunk('IDAT', content)),
      ...behind.map((content) => pngChunk('fdAT', content)),
    ];
    return shown(Buffer.concat([whole.subarray(0, 33), ...chunks, whole.subarray(-12)]), width, height);
  });

const subBlocks = (content: Buffer): Buffer =>
  content.length === 0 ? hex('00') : Buffer.concat([uint(content.length, 1), content, hex('00')]);
const little = (...numbers: readonly number[]) =>
  Buffer.concat(numbers.map((number) => uint(number, 2, true)));
const gif = fc
  .record({
    width: side,
    height: side,
    frames: fc.array(fc.record({ width: side, height: side, comment: data(), picture: data(1) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ width, height, frames }) => {
    const blocks = frames.map((frame) =>
      Buffer.concat([
        hex('21fe'),
        subBlocks(frame.comment),
        hex('2c'),
        little(0, 0, frame.width, frame.height),
        hex('00 02'),
        subBlocks(frame.picture),
      ]),
    );
    const bytes = Buffer.concat([
      Buffer.from('GIF89a'),
      little(width, height),
      hex('000000'),
      ...blocks,
      hex('3b'),
    ]);
    const first = frames[0];
    return shown(bytes, Math.max(width, first?.width ?? 0), Math.max(height, first?.height ?? 0));
  });

const riffChunk = (type: string, content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(type),
    uint(content.length, 4, true),
    content,
    Buffer.alloc(content.length % 2),
  ]);
const webp = fc
  .record({
    width: side,
    height: side,
    frames: fc.array(data(1), { minLength: 1, maxLength: 4 }),
    exif: data(),
  })
  .map(({ width, height, frames, exif }) => {
    const canvas = Buffer.concat([hex('02000000'), uint(width - 1, 3, true), uint(height - 1, 3, true)]);
    const chunks = [
      riffChunk('VP8X', canvas),
      ...frames.map((frame) => riffChunk('ANMF', frame)),
      riffChunk('EXIF', exif),
    ];
    const content = Buffer.concat([Buffer.from('WEBP'), ...chunks]);
    return shown(Buffer.concat([Buffer.from('RIFF'), uint(content.length, 4, true), content]), width, height);
  });

/** Pages, each with one sub-directory or none, as strips with or without lengths, in either byte order and size. */
const tiff = fc
  .record({
    isLittle: fc.boolean(),
    isBig: fc.boolean(),
    orientation: turn,
    pages: fc.array(
      fc.record({ width: side, height: side, hasChild: fc.boolean(), hasLength: fc.boolean() }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ isLittle, isBig, orientation, pages }) => {
    const wide = isBig ? 8 : 4;
    const n = (value: number, length: number): Buffer => uint(value, length, isLittle);
    const parts: Buffer[] = [
      Buffer.from(isLittle ? 'II' : 'MM'),
      n(isBig ? 43 : 42, 2),
      ...(isBig ? [n(8, 2), n(0, 2)] : []),
    ];
    let length = (isBig ? 8 : 4) + wide;
    const directory = (
      page: { width: number; height: number; hasLength: boolean },
      child: number,
      next: number,
    ) => {
      const strip = page.width * page.height;
      const entries: readonly (readonly [number, number])[] = [
        [0x100, page.width],
        [0x101, page.height],
        [0x103, 1],
        [0x106, 1],
        [0x111, length],
        [0x112, orientation],
        [0x117, page.hasLength ? strip : 0],
        ...(child > 0 ? [[0x14a, child] as const] : []),
      ];
      const rows = entries.map(([tag, value]) =>
        Buffer.concat([n(tag, 2), n(4, 2), n(1, wide), n(value, 4), n(0, wide - 4)]),
      );
      return { strip, bytes: Buffer.concat([n(entries.length, isBig ? 8 : 2), ...rows, n(next, wide)]) };
    };
    const body: Buffer[] = [];
    let next = 0;
    // From the last to the first, since each names those behind it.
    for (const page of [...pages].reverse()) {
      let child = 0;
      for (const isChild of page.hasChild ? [true, false] : [false]) {
        const made = directory(page, isChild ? 0 : child, isChild ? 0 : next);
        body.push(Buffer.alloc(made.strip, 7), made.bytes);
        if (isChild) child = length + made.strip;
        else next = length + made.strip;
        length += made.strip + made.bytes.length;
      }
    }
    const first = pages[0] ?? { width: 1, height: 1 };
    return shown(Buffer.concat([...parts, n(next, wide), ...body]), first.width, first.height, orientation);
  });

const bmp = fc
  .record({
    width: side,
    height: side,
    bits: fc.constantFrom(1, 4, 8, 16, 24, 32),
    isUpsideDown: fc.boolean(),
    profile: data(),
  })
  .map(({ width, height, bits, isUpsideDown, profile }) => {
    const rows = Buffer.alloc(4 * Math.ceil((width * bits) / 32) * height, 1);
    const header = Buffer.alloc(138);
    header.write('BM');
    header.writeUInt32LE(138, 10);
    header.writeUInt32LE(124, 14);
    header.writeInt32LE(width, 18);
    header.writeInt32LE(isUpsideDown ? -height : height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(124 + rows.length, 126);
    header.writeUInt32LE(profile.length, 130);
    return shown(Buffer.concat([header, rows, profile]), width, height);
  });

/** Runs, literal data and moves, of which the header does not say how long they are. */
const packedBmp = fc
  .record({
    is4Bits: fc.boolean(),
    codes: fc.array(
      fc.oneof(
        fc.tuple(fc.integer({ min: 1, max: 255 }), fc.nat(255)).map(([run, value]) => [run, value]),
        fc.constant([0, 0]),
        fc.tuple(fc.nat(9), fc.nat(9)).map(([x, y]) => [0, 2, x, y]),
        fc.integer({ min: 3, max: 30 }).map((count) => [0, count]),
      ),
      { maxLength: 9 },
    ),
  })
  .map(({ is4Bits, codes }) => {
    const packed = codes.map((code) => {
      const [run, count = 0] = code;
      if (run !== 0 || count < 3 || code.length > 2) return Buffer.from(code);
      const length = is4Bits ? Math.ceil(count / 2) : count;
      return Buffer.concat([Buffer.from(code), Buffer.alloc(length + (length % 2), 1)]);
    });
    const header = Buffer.alloc(54);
    header.write('BM');
    header.writeUInt32LE(54, 10);
    header.writeUInt32LE(40, 14);
    header.writeInt32LE(7, 18);
    header.writeInt32LE(5, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(is4Bits ? 4 : 8, 28);
    header.writeUInt32LE(is4Bits ? 2 : 1, 30);
    return shown(Buffer.concat([header, ...packed, hex('0001')]), 7, 5);
  });

const ico = fc
  .array(fc.record({ width: side, height: side, isPng: fc.boolean(), isShort: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((entries) => {
    const bytes = iconOf(
      ...entries.map(
        ({ width, height, isPng }) =>
          [width, height, 32, isPng ? pngOf(width, height) : dibOf(width, height)] as const,
      ),
    );
    // The directory has a smaller length than the picture. A bitmap has a mask, which is optional at 32 bits per pixel.
    for (const [index, { isPng, isShort }] of entries.entries())
      if (isPng && isShort) bytes.writeUInt32LE(40, 14 + 16 * index);
    const [first = { width: 1, height: 1 }] = entries.toSorted(
      (a, b) => b.width * b.height - a.width * a.height,
    );
    return shown(bytes, first.width, first.height);
  });

const inner = fc.constantFrom(
  '<g></g>',
  '<svg/>',
  '<svg><path d="M0"/></svg>',
  '<!--</svg>-->',
  '<![CDATA[</svg>]]>',
  '<?x </svg>?>',
  'text',
  '<svg a="/>"></svg>',
  '<svgs/>',
  '<a b="\'/>"/>',
);
const svg = fc
  .record({
    width: side,
    height: side,
    content: fc.array(inner),
    before: fc.array(fc.constantFrom('<!-- < -->', '<?a?>', ' ')),
    isWide: fc.boolean(),
  })
  .map(({ width, height, content, before, isWide }) => {
    const text = `${before.join('')}<svg width="${width}" height='${height}'>${content.join('')}</svg>`;
    return shown(isWide ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from(text), width, height);
  });

export const GENERATED: Readonly<Record<string, fc.Arbitrary<GeneratedImage>>> = {
  JPEG: jpeg,
  'Multi-Picture JPEG': multiPicture,
  'JPEG with an appendix': described,
  PNG: png,
  GIF: gif,
  WebP: webp,
  HEIF: heif,
  'JPEG XL': jxl,
  'JPEG 2000 codestream': codestream,
  'JPEG 2000': jp2,
  TIFF: tiff,
  BMP: bmp,
  'packed BMP': packedBmp,
  ICO: ico,
  SVG: svg,
};
