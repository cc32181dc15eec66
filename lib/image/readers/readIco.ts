import { CUT_SHORT, inSteps, type ReadOptions, type Structure } from '../structure.ts';
import { rowLength } from './readBmp.ts';

const HEADER = 6;
const ENTRY = 16;
const PNG_SIGNATURE = 0x89504e47;
const PNG_HEADER = 8;
const IEND = 0x49454e44;
const DIB_HEADER = 40;

/** Chunks that are read in all PNG files of an icon together. Real icons have some dozens. */
const CHUNKS_MAX = 100_000;

interface Picture {
  readonly start: number;
  /** Offset after it, according to the directory. */
  readonly end: number;
}

/**
 * The structure of an ICO or CUR file, which is a directory of pictures. As in browsers, the size is that of the
 * largest picture in the directory, even if the picture's header has another. The file is whole when it has all
 * pictures, according to the directory and to their headers.
 */
export async function readIco(
  bytes: Buffer,
  { yielder, isDelimited }: ReadOptions,
): Promise<Structure | null> {
  if (bytes.length < HEADER) return null;
  const count = bytes.readUInt16LE(4);
  if (count === 0) return null;
  if (bytes.length < HEADER + ENTRY) return CUT_SHORT;
  const first = HEADER + count * ENTRY;
  const isCursor = bytes.readUInt16LE(2) === 2;

  let best = { width: 0, height: 0, depth: 0 };
  let pixels = 0;
  const pictures: Picture[] = [];
  for (let at = HEADER; at + ENTRY <= Math.min(first, bytes.length); at += ENTRY) {
    const length = bytes.readUInt32LE(at + 8);
    const start = bytes.readUInt32LE(at + 12);
    // A picture cannot be inside the directory.
    if (start < first || length === 0) continue;
    pictures.push({ start, end: start + length });
    // Zero means 256. A cursor has its hot spot in place of the depth.
    const width = bytes.readUInt8(at) || 256;
    const height = bytes.readUInt8(at + 1) || 256;
    const depth = isCursor ? 0 : bytes.readUInt16LE(at + 6);
    const difference = width * height - best.width * best.height;
    if (difference > 0 || (difference === 0 && depth > best.depth)) best = { width, height, depth };
    pixels = Math.max(pixels, pixelsOf(bytes, start));
  }
  if (pictures.length === 0) return null;
  const { width, height } = best;
  const hasPicture = pictures.some(({ start }) => start < bytes.length);
  const size = { width, height, pixels, hasPicture };
  if (isDelimited) return { ...size, isWhole: false };

  let index = 0;
  const isThere = createCheck(bytes);
  const isWhole = await inSteps(yielder, () => {
    const picture = pictures[index];
    index += 1;
    if (picture === undefined) return first <= bytes.length;
    return isThere(picture) ? undefined : false;
  });
  return { ...size, isWhole };
}

/** Number of pixels according to the picture's header; 0 when it cannot be read. */
function pixelsOf(bytes: Buffer, start: number): number {
  if (start + 24 > bytes.length) return 0;
  if (isPng(bytes, start)) return bytes.readUInt32BE(start + 16) * bytes.readUInt32BE(start + 20);
  const isDib = bytes.readUInt32LE(start) === DIB_HEADER;
  return isDib ? Math.abs(bytes.readInt32LE(start + 4) * bytes.readInt32LE(start + 8)) / 2 : 0;
}

function isPng(bytes: Buffer, start: number): boolean {
  return bytes.readUInt32BE(start) === PNG_SIGNATURE;
}

/** A function that tells whether a picture is whole. Pictures with the same start are checked once. */
function createCheck(bytes: Buffer): (picture: Picture) => boolean {
  const checked = new Set<number>();
  let chunks = CHUNKS_MAX;
  const hasPngEnd = (start: number): boolean => {
    for (let at = start + PNG_HEADER; at + 12 <= bytes.length && chunks > 0; chunks -= 1) {
      const end = at + 12 + bytes.readUInt32BE(at);
      if (bytes.readUInt32BE(at + 4) === IEND) return end <= bytes.length;
      at = end;
    }
    return false;
  };
  return ({ start, end }) => {
    if (end > bytes.length) return false;
    if (checked.has(start)) return true;
    checked.add(start);
    if (start + DIB_HEADER > bytes.length) return true;
    return isPng(bytes, start) ? hasPngEnd(start) : endOfDib(bytes, start) <= bytes.length;
  };
}

/** Offset after a bitmap according to its header: the palette, the rows, and a mask below 32 bits per pixel. */
function endOfDib(bytes: Buffer, start: number): number {
  const headerLength = bytes.readUInt32LE(start);
  const width = bytes.readInt32LE(start + 4);
  // The header's height is that of the picture and the mask together.
  const height = Math.abs(bytes.readInt32LE(start + 8)) / 2;
  const bits = bytes.readUInt16LE(start + 14);
  const isPlain = bytes.readUInt32LE(start + 16) === 0;
  if (headerLength !== DIB_HEADER || !isPlain || bits > 32) return start;
  const colours = bits > 8 ? 0 : bytes.readUInt32LE(start + 32) || 2 ** bits;
  const rows = rowLength(width, bits) + (bits === 32 ? 0 : rowLength(width, 1));
  return start + DIB_HEADER + 4 * colours + rows * height;
}
