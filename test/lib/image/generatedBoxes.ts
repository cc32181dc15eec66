/** Valid HEIF, JPEG XL and JPEG 2000 files, made of their parts in any order and number that the standards allow. */
import fc from 'fast-check';
import { data, segment, shown, side, turn, uint } from './generatedParts.ts';
import { boxOf, hex } from './samples.ts';

const ftyp = boxOf('ftyp', Buffer.from('mif1\0\0\0\0mif1heic'));

/** Items in `mdat` or in `idat`, at offsets of any allowed length, in any order of the boxes. */
export const heif = fc
  .record({
    width: side,
    height: side,
    quarters: fc.integer({ min: 0, max: 3 }),
    items: fc.array(data(1), { minLength: 1, maxLength: 4 }),
    version: fc.constantFrom(0, 1, 2),
    isInline: fc.boolean(),
    isFirst: fc.boolean(),
    isOpen: fc.boolean(),
    baseLength: fc.constantFrom(0, 4, 8),
    offsetLength: fc.constantFrom(4, 8),
    lengthLength: fc.constantFrom(4, 8),
  })
  .map((plan) => {
    const { width, height, quarters, items, version } = plan;
    const isInline = plan.isInline && version > 0;
    const payload = Buffer.concat(items);
    const locations = (start: number): Buffer => {
      let at = start;
      const base = plan.baseLength > 0 ? start : 0;
      const rows = items.map((item, index) => {
        const row = Buffer.concat([
          uint(index + 1, version < 2 ? 2 : 4),
          version === 0 ? hex('') : uint(isInline ? 1 : 0, 2),
          hex('0000'),
          uint(base, plan.baseLength),
          hex('0001'),
          uint(at - base, plan.offsetLength),
          uint(item.length, plan.lengthLength),
        ]);
        at += item.length;
        return row;
      });
      return boxOf(
        'iloc',
        uint(version, 1),
        hex('000000'),
        Buffer.from([(plan.offsetLength << 4) | plan.lengthLength, plan.baseLength << 4]),
        uint(items.length, version < 2 ? 2 : 4),
        ...rows,
      );
    };
    const metaWith = (start: number): Buffer =>
      boxOf(
        'meta',
        hex('00000000'),
        boxOf('pitm', hex('00000000 0001')),
        boxOf(
          'iprp',
          boxOf(
            'ipco',
            boxOf('ispe', hex('00000000'), uint(width, 4), uint(height, 4)),
            boxOf('irot', uint(quarters, 1)),
          ),
          boxOf('ipma', hex('00000000 00000001 0001 02 01 82')),
        ),
        locations(start),
        ...(isInline ? [boxOf('idat', payload)] : []),
      );
    const isFirst = plan.isFirst && !isInline;
    const start = isInline ? 0 : ftyp.length + 8 + (isFirst ? 0 : metaWith(0).length);
    const media = isInline ? hex('') : boxOf('mdat', payload);
    if (plan.isOpen && !isFirst && !isInline) media.writeUInt32BE(0, 0);
    const meta = metaWith(start);
    const bytes = Buffer.concat(isFirst ? [ftyp, media, meta] : [ftyp, meta, media]);
    return quarters % 2 === 1 ? shown(bytes, height, width) : shown(bytes, width, height);
  });

/** The head of a codestream: sides that are multiples of eight, and an orientation. */
function jxlHead(columns: number, rows: number, orientation: number): Buffer {
  const fields: readonly (readonly [value: number, bits: number])[] = [
    [1, 1],
    [rows - 1, 5],
    [0, 3],
    [columns - 1, 5],
    [0, 1],
    [1, 1],
    [orientation - 1, 3],
  ];
  let [value, bits] = [0, 0];
  for (const [field, count] of fields) {
    value += field * 2 ** bits;
    bits += count;
  }
  return Buffer.concat([hex('ff0a'), uint(value, 3, true), Buffer.alloc(12)]);
}

export const jxl = fc
  .record({
    columns: fc.integer({ min: 1, max: 32 }),
    rows: fc.integer({ min: 1, max: 32 }),
    orientation: turn,
    picture: data(1),
    cuts: fc.array(fc.nat(20), { maxLength: 4 }),
    metadata: fc.array(data(), { maxLength: 3 }),
  })
  .map(({ columns, rows, orientation, picture, cuts, metadata }) => {
    const codestream = Buffer.concat([jxlHead(columns, rows, orientation), picture]);
    const ends = [...cuts].sort((a, b) => a - b).concat(codestream.length);
    const parts = ends.map((end, index) => {
      const isLast = index === ends.length - 1;
      const number = uint(index + (isLast ? 0x80000000 : 0), 4);
      return boxOf('jxlp', number, codestream.subarray(ends[index - 1] ?? 0, end));
    });
    const boxes = parts.flatMap((part, index) => {
      const between = metadata[index];
      return between && index < parts.length ? [boxOf('Exif', between), part] : [part];
    });
    const head = hex('0000000c 4a584c20 0d0a870a 00000014 66747970 6a786c20 00000000 6a786c20');
    return shown(Buffer.concat([head, ...boxes]), 8 * columns, 8 * rows, orientation);
  });

/** Packets have no marker above FF8F in them; headers may. */
const packets = data(1).map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0xff ? 0x7f : byte))));
export const codestream = fc
  .record({
    width: side,
    height: side,
    parts: fc.array(packets, { minLength: 1, maxLength: 4 }),
    isOpen: fc.boolean(),
    comment: data(),
  })
  .map(({ width, height, parts, isOpen, comment }) => {
    const sizes = Buffer.concat([hex('0000'), uint(width, 4), uint(height, 4), Buffer.alloc(26)]);
    // Long enough for what it has to say, which is all that is read of it.
    const header = [segment('51', sizes), segment('64', Buffer.concat([hex('0001 ffd9'), comment]))];
    const tiles = parts.map((part, index) => {
      const body = Buffer.concat([segment('64', hex('0001 ffd9')), hex('ff93'), part]);
      const length = isOpen && index === parts.length - 1 ? 0 : 12 + body.length;
      return Buffer.concat([hex('ff90 000a 0000'), uint(length, 4), uint(index, 1), uint(0, 1), body]);
    });
    return shown(Buffer.concat([hex('ff4f'), ...header, ...tiles, hex('ffd9')]), width, height);
  });
export const jp2 = fc.record({ picture: codestream, isOpen: fc.boolean() }).map(({ picture, isOpen }) => {
  const { bytes, width, height } = picture;
  const header = boxOf('jp2h', boxOf('ihdr', uint(height, 4), uint(width, 4), hex('0003 07070000')));
  const content = boxOf('jp2c', bytes);
  if (isOpen) content.writeUInt32BE(0, 0);
  const start = hex('0000000c 6a502020 0d0a870a 00000014 66747970 6a703220 00000000 6a703220');
  return shown(Buffer.concat([start, header, content]), width, height);
});
