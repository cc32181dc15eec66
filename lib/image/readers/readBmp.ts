import { CUT_SHORT, inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';

const FILE_HEADER = 14;
const CORE_HEADER = 12;
/** Version 5 of the DIB header, which may refer to a colour profile after the rows. */
const V5_HEADER = 124;
const BITS_PER_PIXEL = new Set([0, 1, 2, 4, 8, 16, 24, 32]);
/** BI_RGB, BI_BITFIELDS and BI_ALPHABITFIELDS: rows of a known length. */
const UNCOMPRESSED = new Set([0, 3, 6]);
/** BI_RLE8 and BI_RLE4, with the number of pixels in a byte of literal data. */
const RUN_LENGTH: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
]);

/** Whether the bytes are BMP. Texts may also begin with "BM", so the length of the DIB header must be valid. */
export function isBmp(bytes: Buffer): boolean {
  if (bytes.length < FILE_HEADER + 4 || bytes.toString('latin1', 0, 2) !== 'BM') return false;
  const headerLength = bytes.readUInt32LE(FILE_HEADER);
  return headerLength === CORE_HEADER || (headerLength >= 16 && headerLength <= V5_HEADER);
}

/**
 * The structure of a BMP file: the file header, then a DIB header from OS/2 to version 5. The number of planes is
 * ignored. The file size in the header is often wrong, so the file is whole when it has all rows.
 */
export async function readBmp(
  bytes: Buffer,
  { yielder, isDelimited }: ReadOptions,
): Promise<Structure | null> {
  const headerLength = bytes.readUInt32LE(FILE_HEADER);
  const isCore = headerLength === CORE_HEADER;
  if (bytes.length < FILE_HEADER + (isCore ? CORE_HEADER : 16)) return CUT_SHORT;

  const width = isCore ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  // A negative height means that the rows go from top to bottom.
  const height = isCore ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22));
  const bits = bytes.readUInt16LE(isCore ? 24 : 28);
  if (!BITS_PER_PIXEL.has(bits)) return null;

  const start = bytes.readUInt32LE(10);
  const hasPicture = start < bytes.length;
  const size = { width: positive(width), height: positive(height), hasPicture };
  if (isDelimited || !hasPicture) return { ...size, isWhole: false };

  const isLong = headerLength >= 24 && bytes.length >= 38;
  const compression = isLong ? bytes.readUInt32LE(30) : 0;
  const packedLength = isLong ? bytes.readUInt32LE(34) : 0;
  const pixelsPerByte = RUN_LENGTH.get(compression);
  let end = packedLength > 0 ? start + packedLength : Number.POSITIVE_INFINITY;
  if (UNCOMPRESSED.has(compression)) end = start + rowLength(width, bits) * height;
  else if (packedLength === 0 && pixelsPerByte)
    end = await inSteps(yielder, createWalk(bytes, start, pixelsPerByte));
  return { ...size, isWhole: Math.max(end, endOfProfile(bytes, headerLength)) <= bytes.length };
}

/** Bytes of an uncompressed row, which is padded to a multiple of four. */
export function rowLength(width: number, bits: number): number {
  return Math.ceil((Math.max(0, width) * bits) / 32) * 4;
}

/** A step of the search for the end of run-length data. It returns the offset after their end mark. */
function createWalk(bytes: Buffer, start: number, pixelsPerByte: number): () => number | undefined {
  const codesPerStep = 65_536;
  let offset = start;
  return () => {
    for (let count = 0; count < codesPerStep; count += 1) {
      const [run, value] = [bytes[offset], bytes[offset + 1]];
      if (run === undefined || value === undefined) return Number.POSITIVE_INFINITY;
      offset += 2;
      if (run > 0) continue;
      if (value === 1) return offset;
      // A move has two bytes. Literal data are padded to an even number.
      if (value === 2) offset += 2;
      if (value > 2) offset += 2 * Math.ceil(value / pixelsPerByte / 2);
    }
    return undefined;
  };
}

/** Offset after the embedded colour profile of a version 5 header; 0 without one. */
function endOfProfile(bytes: Buffer, headerLength: number): number {
  if (headerLength !== V5_HEADER || bytes.length < FILE_HEADER + V5_HEADER) return 0;
  const offset = bytes.readUInt32LE(FILE_HEADER + 112);
  const length = bytes.readUInt32LE(FILE_HEADER + 116);
  return length === 0 ? 0 : FILE_HEADER + offset + length;
}
