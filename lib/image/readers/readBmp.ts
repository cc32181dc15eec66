import { CUT_SHORT, positive, type Structure } from '../structure.ts';

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const BITS_PER_PIXEL = new Set([0, 1, 2, 4, 8, 16, 24, 32]);
/** BI_RGB, BI_BITFIELDS and BI_ALPHABITFIELDS: rows of a known length. */
const UNCOMPRESSED = new Set([0, 3, 6]);

/** "BM" alone begins many a text: a length that a DIB header can have must follow. */
export function isBmp(bytes: Buffer): boolean {
  if (bytes.length < FILE_HEADER + 4 || bytes.toString('latin1', 0, 2) !== 'BM') return false;
  const headerLength = bytes.readUInt32LE(FILE_HEADER);
  return headerLength === CORE_HEADER || (headerLength >= 16 && headerLength <= 124);
}

/**
 * BMP: the file header, then one of the DIB headers from OS/2 to version 5.
 * The file size in the header is often wrong; what counts is that the rows are there.
 */
export function readBmp(bytes: Buffer): Structure | null {
  const headerLength = bytes.readUInt32LE(FILE_HEADER);
  const isCore = headerLength === CORE_HEADER;
  if (bytes.length < FILE_HEADER + (isCore ? CORE_HEADER : 16)) return CUT_SHORT;

  const width = isCore ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  // A negative height means that the rows go from top to bottom.
  const height = isCore ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22));
  const planes = bytes.readUInt16LE(isCore ? 22 : 26);
  const bits = bytes.readUInt16LE(isCore ? 24 : 28);
  if (planes !== 1 || !BITS_PER_PIXEL.has(bits)) return null;

  const start = bytes.readUInt32LE(10);
  const compression = headerLength >= 24 && bytes.length >= 38 ? bytes.readUInt32LE(30) : 0;
  const packedLength = headerLength >= 24 && bytes.length >= 38 ? bytes.readUInt32LE(34) : 0;
  const rowsLength = Math.ceil((Math.max(0, width) * bits) / 32) * 4 * height;
  const end = start + (UNCOMPRESSED.has(compression) ? rowsLength : packedLength);
  const hasPicture = start < bytes.length;
  return {
    width: positive(width),
    height: positive(height),
    hasPicture,
    isWhole: hasPicture && end <= bytes.length,
  };
}
