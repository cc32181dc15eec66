import { CUT_SHORT, type Structure } from '../structure.ts';
import { boxesOf } from './boxes.ts';

/** Width per height of the fixed aspect ratios 1 to 7: ISO/IEC 18181-1, SizeHeader. */
const RATIOS = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
] as const;

/** Bits of a side that is not a multiple of eight, by its selector. */
const SIDE_BITS = [9, 13, 18, 30] as const;

/** Enough for signature and SizeHeader: 16 bits, then at most 1 + 32 + 3 + 32. */
const HEADER_LENGTH = 11;

/**
 * A naked JPEG XL codestream. It has no end mark, and where its frames end only a decoder could tell: it is never known
 * to be whole, so the transport has to say so.
 */
export function readJxlCodestream(bytes: Buffer): Structure {
  if (bytes.length <= HEADER_LENGTH) return CUT_SHORT;
  const [width, height] = sizeOf(bytes);
  return { width, height, hasPicture: true, isWhole: false };
}

/** JPEG XL in boxes: one `jxlc`, or `jxlp` parts whose last is marked (ISO/IEC 18181-2, section 9). */
export function readJxlContainer(bytes: Buffer): Structure {
  let codestream: Buffer | undefined;
  let isWhole = false;
  for (const box of boxesOf(bytes)) {
    if (box.type === 'jxlc') {
      codestream ??= bytes.subarray(box.start, box.end);
      isWhole ||= box.end <= bytes.length;
    }
    if (box.type === 'jxlp' && box.start + 4 <= bytes.length) {
      codestream ??= bytes.subarray(box.start + 4, box.end);
      isWhole ||= bytes.readUInt8(box.start) >= 0x80 && box.end <= bytes.length;
    }
  }
  if (codestream === undefined || codestream.length <= HEADER_LENGTH) return CUT_SHORT;
  if (codestream.readUInt16BE(0) !== 0xff0a) return { ...CUT_SHORT, hasPicture: true, isWhole };
  const [width, height] = sizeOf(codestream);
  return { width, height, hasPicture: true, isWhole };
}

function sizeOf(codestream: Buffer): readonly [width: number, height: number] {
  let position = 16;
  const bits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i += 1, position += 1) {
      const byte = codestream[position >> 3] ?? 0;
      value += ((byte >> (position & 7)) & 1) * 2 ** i;
    }
    return value;
  };
  const isInEights = bits(1) === 1;
  const side = (): number => (isInEights ? 8 * (1 + bits(5)) : 1 + bits(SIDE_BITS[bits(2)] ?? 0));
  const height = side();
  const ratio = RATIOS[bits(3) - 1];
  return [ratio ? Math.floor((height * ratio[0]) / ratio[1]) : side(), height];
}
