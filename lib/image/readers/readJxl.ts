import { CUT_SHORT, type Sides, type Structure } from '../structure.ts';
import { lowBitsFirst } from './bits.ts';
import { boxesOf, hasCutBox } from './boxes.ts';
import { oriented } from './exif.ts';

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

/** Enough bytes for signature (16 bits), SizeHeader (at most 1 + 32 + 3 + 32) and orientation (1 + 1 + 3). */
const HEADER_LENGTH = 12;

/** Box types (ISO/IEC 18181-2, section 9). */
const BOXES = ['JXL ', 'jxlc', 'jxlp', 'jxli', 'jxll', 'jbrd', 'jhgm', 'Exif', 'xml ', 'jumb', 'brob'];

/**
 * The structure of a bare JPEG XL codestream. It has no end mark, and only a decoder could find the end of its frames.
 * So it never counts as whole by its bytes: only the transport can tell.
 */
export function readJxlCodestream(bytes: Buffer): Structure {
  if (bytes.length < HEADER_LENGTH) return CUT_SHORT;
  const [width, height] = sizeOf(bytes);
  return { width, height, hasPicture: true, isWhole: false };
}

/**
 * The structure of JPEG XL in boxes: one `jxlc`, or several `jxlp` that together make one codestream, and of which the
 * last is marked. A codestream in a box without a length never counts as whole, like a bare one.
 */
export function readJxlContainer(bytes: Buffer): Structure {
  const head: Buffer[] = [];
  let isWhole = false;
  for (const { type, start, end, isOpen } of boxesOf(bytes)) {
    const isPart = type === 'jxlp';
    if ((type !== 'jxlc' && !isPart) || (isPart && start + 4 > bytes.length)) continue;
    isWhole ||= !isOpen && end <= bytes.length && (!isPart || bytes.readUInt8(start) >= 0x80);
    // The first part may be as short as the signature. Empty parts are ignored.
    const from = isPart ? start + 4 : start;
    if (head.length < HEADER_LENGTH && from < end)
      head.push(bytes.subarray(from, Math.min(end, from + HEADER_LENGTH)));
  }
  const codestream = Buffer.concat(head);
  if (codestream.length < HEADER_LENGTH) return CUT_SHORT;
  isWhole &&= !hasCutBox(bytes, BOXES);
  if (codestream.readUInt16BE(0) !== 0xff0a) return { ...CUT_SHORT, hasPicture: true, isWhole };
  const [width, height] = sizeOf(codestream);
  return { width, height, hasPicture: true, isWhole };
}

/** The sides as shown. The orientation of the codestream counts, and not that of EXIF data in a box. */
function sizeOf(codestream: Buffer): Sides {
  const bits = lowBitsFirst(codestream, 2);
  const isInEights = bits(1) === 1;
  const side = (): number => (isInEights ? 8 * (1 + bits(5)) : 1 + bits(SIDE_BITS[bits(2)] ?? 0));
  const height = side();
  const ratio = RATIOS[bits(3) - 1];
  const width = ratio ? Math.floor((height * ratio[0]) / ratio[1]) : side();
  const isAllDefault = bits(1) === 1;
  const hasExtraFields = !isAllDefault && bits(1) === 1;
  return oriented([width, height], hasExtraFields ? 1 + bits(3) : 1);
}
