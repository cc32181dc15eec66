import { CUT_SHORT, type Structure } from '../structure.ts';

const HEADER = 6;
const ENTRY = 16;
const PNG_SIGNATURE = 0x89504e47;

/** ICO and CUR: a directory of pictures. The size is that of the largest; it is whole when all of them are there. */
export function readIco(bytes: Buffer): Structure | null {
  if (bytes.length < HEADER) return null;
  const count = bytes.readUInt16LE(4);
  if (count === 0) return null;
  if (bytes.length < HEADER + ENTRY) return CUT_SHORT;
  const first = HEADER + count * ENTRY;

  let width = 0;
  let height = 0;
  let isPlausible = false;
  let hasPicture = false;
  let isWhole = first <= bytes.length;
  for (let at = HEADER; at + ENTRY <= Math.min(first, bytes.length); at += ENTRY) {
    const length = bytes.readUInt32LE(at + 8);
    const start = bytes.readUInt32LE(at + 12);
    // No picture lies inside the directory.
    if (start < first || length === 0) continue;
    isPlausible = true;
    if (start + length > bytes.length) isWhole = false;
    if (start < bytes.length) hasPicture = true;
    const [entryWidth, entryHeight] = sizeOf(bytes, at, start);
    if (entryWidth * entryHeight > width * height) [width, height] = [entryWidth, entryHeight];
  }
  if (!isPlausible) return null;
  return { width: width || null, height: height || null, hasPicture, isWhole };
}

/** The directory has one byte a side, where zero means 256; a PNG inside says itself how large it is. */
function sizeOf(bytes: Buffer, entry: number, start: number): readonly [number, number] {
  if (start + 24 <= bytes.length && bytes.readUInt32BE(start) === PNG_SIGNATURE) {
    return [bytes.readUInt32BE(start + 16), bytes.readUInt32BE(start + 20)];
  }
  return [bytes.readUInt8(entry) || 256, bytes.readUInt8(entry + 1) || 256];
}
