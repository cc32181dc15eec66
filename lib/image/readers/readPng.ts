import { crc32 } from 'node:zlib';
import { CUT_SHORT, inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';
import { exifOrientation, oriented } from './exif.ts';

const SIGNATURE_LENGTH = 8;
/** Offset of the first chunk's data, after its length and type. */
const FIRST_DATA = SIGNATURE_LENGTH + 8;

/** Chunk types, as the four bytes of their names. */
const IHDR = 0x49484452;
const IDAT = 0x49444154;
const IEND = 0x49454e44;
const ACTL = 0x6163544c;
const EXIF = 0x65584966;
/** Apple's tools write CgBI before IHDR. */
const CGBI = 0x43674249;

/** A step takes a millisecond or two. */
const CHUNKS_PER_STEP = 65_536;
/** Longer EXIF data are not read: cameras write some kilobytes and a preview. */
const EXIF_MAX = 1024 * 1024;
/** `acTL` is looked for in this many chunks. Encoders write at most a few dozen before the picture. */
const CHUNKS_BEFORE_PICTURE = 10_000;

/**
 * The structure of PNG and APNG (PNG specification, third edition, section 5): IHDR first, picture data in IDAT, IEND
 * last. The first `eXIf` chunk before the picture data gives the orientation, if its checksum is right.
 */
export function readPng(bytes: Buffer, { yielder, isDelimited }: ReadOptions): Promise<Structure | null> {
  return inSteps(yielder, createWalk(bytes, isDelimited));
}

function createWalk(bytes: Buffer, isDelimited: boolean): () => Structure | null | undefined {
  let sides: readonly [number, number] | undefined;
  let orientation: number | undefined;
  let hasPicture = false;
  let start = FIRST_DATA;
  const structure = (isWhole: boolean): Structure => {
    const [width, height] = oriented(sides ?? [0, 0], orientation ?? 1);
    return { width: positive(width), height: positive(height), hasPicture, isWhole };
  };
  return () => {
    for (let count = 0; count < CHUNKS_PER_STEP; count += 1) {
      if (start > bytes.length) return structure(false);
      const type = bytes.readUInt32BE(start - 4);
      const end = endOfChunk(bytes, start);
      if (start === FIRST_DATA && type !== IHDR && type !== CGBI) return null;
      if (type === IHDR && sides === undefined) {
        if (start + 8 > bytes.length) return CUT_SHORT;
        sides = [bytes.readUInt32BE(start), bytes.readUInt32BE(start + 4)];
      }
      if (type === EXIF && !hasPicture && end <= bytes.length)
        orientation ??= orientationOf(bytes, start, end);
      if (type === IDAT && end > start + 4 && start < bytes.length) hasPicture = true;
      if (type === IEND) return structure(end <= bytes.length);
      if (isDelimited && hasPicture) return structure(false);
      start = end + 8;
    }
    return undefined;
  };
}

/** The orientation in an `eXIf` chunk, whose last four bytes before `end` are its checksum of type and data. */
function orientationOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > EXIF_MAX) return 1;
  const isRight = crc32(bytes.subarray(start - 4, end - 4)) === bytes.readUInt32BE(end - 4);
  return isRight ? exifOrientation(bytes.subarray(start, end - 4)) : 1;
}

/** Whether a PNG is animated: it then has an `acTL` chunk before the first IDAT. */
export function isAnimatedPng(bytes: Buffer): boolean {
  let start = FIRST_DATA;
  for (let count = 0; count < CHUNKS_BEFORE_PICTURE && start <= bytes.length; count += 1) {
    const type = bytes.readUInt32BE(start - 4);
    if (type === ACTL) return true;
    if (type === IDAT) return false;
    start = endOfChunk(bytes, start) + 8;
  }
  return false;
}

/** Offset after the checksum of the chunk whose data begin at `start`. It may be after the end of the bytes. */
function endOfChunk(bytes: Buffer, start: number): number {
  return start + bytes.readUInt32BE(start - 8) + 4;
}
