import type { Pace } from '../../pace.ts';
import { CUT_SHORT, inSteps, positive, type Structure } from '../structure.ts';

const SIGNATURE_LENGTH = 8;
/** Of the first chunk's data, behind its length and type. */
const FIRST_DATA = SIGNATURE_LENGTH + 8;

/** Chunk types, as the four bytes of their names. */
const IHDR = 0x49484452;
const IDAT = 0x49444154;
const IEND = 0x49454e44;
const ACTL = 0x6163544c;
/** Apple's tools write CgBI before IHDR. */
const CGBI = 0x43674249;

/** A step of so many takes a millisecond or two. */
const CHUNKS_PER_STEP = 65_536;
/** Chunks before the picture that `acTL` is looked for in; encoders write a few dozen at most. */
const CHUNKS_BEFORE_PICTURE = 10_000;

/** PNG and APNG (PNG specification, third edition, section 5): IHDR first, picture data in IDAT, IEND last. */
export function readPng(bytes: Buffer, pace: Pace): Promise<Structure | null> {
  return inSteps(pace, createWalk(bytes));
}

function createWalk(bytes: Buffer): () => Structure | null | undefined {
  let width: number | null = null;
  let height: number | null = null;
  let hasPicture = false;
  let start = FIRST_DATA;
  return () => {
    for (let count = 0; count < CHUNKS_PER_STEP; count += 1) {
      if (start > bytes.length) return { width, height, hasPicture, isWhole: false };
      const type = bytes.readUInt32BE(start - 4);
      const end = endOfChunk(bytes, start);
      if (start === FIRST_DATA && type !== IHDR && type !== CGBI) return null;
      if (type === IHDR && width === null) {
        if (start + 8 > bytes.length) return CUT_SHORT;
        width = positive(bytes.readUInt32BE(start));
        height = positive(bytes.readUInt32BE(start + 4));
      }
      if (type === IDAT && end > start + 4 && start < bytes.length) hasPicture = true;
      if (type === IEND) return { width, height, hasPicture, isWhole: end <= bytes.length };
      start = end + 8;
    }
    return undefined;
  };
}

/** An `acTL` chunk before the first IDAT makes a PNG an animated one. */
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

/** Offset behind the CRC of the chunk whose data begin at `start`; may lie behind the end of the bytes. */
function endOfChunk(bytes: Buffer, start: number): number {
  return start + bytes.readUInt32BE(start - 8) + 4;
}
