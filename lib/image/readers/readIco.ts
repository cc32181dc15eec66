import { CUT_SHORT, inSteps, type ReadOptions, type Structure } from '../structure.ts';
import { rowLength } from './readBmp.ts';

const HEADER = 6;
const ENTRY = 16;
const PNG_SIGNATURE = 0x89504e47;
const PNG_HEADER = 8;
const IEND = 0x49454e44;
const DIB_HEADER = 40;

/** Chunks of all PNG files in an icon that are stepped over. Real icons have some dozens. */
const CHUNKS_MAX = 100_000;

interface Picture {
  readonly start: number;
  /** By the directory. */
  readonly end: number;
}

/**
 * ICO and CUR: a directory of pictures. The size is what the directory says of the largest, whatever the picture itself
 * says, as browsers have it. It is whole when all pictures are there as far as the directory and they themselves say.
 */
export async function readIco(bytes: Buffer, { pace, isDelimited }: ReadOptions): Promise<Structure | null> {
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
    // No picture lies inside the directory.
    if (start < first || length === 0) continue;
    pictures.push({ start, end: start + length });
    // Zero means 256; a cursor has its hot spot where an icon has its depth.
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
  const isWhole = await inSteps(pace, () => {
    const picture = pictures[index];
    index += 1;
    if (picture === undefined) return first <= bytes.length;
    return isThere(picture) ? undefined : false;
  });
  return { ...size, isWhole };
}

/** By the picture's own header. */
function pixelsOf(bytes: Buffer, start: number): number {
  if (start + 24 > bytes.length) return 0;
  if (isPng(bytes, start)) return bytes.readUInt32BE(start + 16) * bytes.readUInt32BE(start + 20);
  const isDib = bytes.readUInt32LE(start) === DIB_HEADER;
  return isDib ? Math.abs(bytes.readInt32LE(start + 4) * bytes.readInt32LE(start + 8)) / 2 : 0;
}

function isPng(bytes: Buffer, start: number): boolean {
  return bytes.readUInt32BE(start) === PNG_SIGNATURE;
}

/** Whether a picture is all there; one that begins where another did is looked at once. */
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

/** Offset behind a bitmap by its own header: the palette, the rows, and the mask below 32 bits a pixel. */
function endOfDib(bytes: Buffer, start: number): number {
  const headerLength = bytes.readUInt32LE(start);
  const width = bytes.readInt32LE(start + 4);
  // Twice as high as the picture, for the mask.
  const height = Math.abs(bytes.readInt32LE(start + 8)) / 2;
  const bits = bytes.readUInt16LE(start + 14);
  const isPlain = bytes.readUInt32LE(start + 16) === 0;
  if (headerLength !== DIB_HEADER || !isPlain || bits > 32) return start;
  const colours = bits > 8 ? 0 : bytes.readUInt32LE(start + 32) || 2 ** bits;
  const rows = rowLength(width, bits) + (bits === 32 ? 0 : rowLength(width, 1));
  return start + DIB_HEADER + 4 * colours + rows * height;
}
