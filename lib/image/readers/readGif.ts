import { CUT_SHORT, inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/** Blocks and sub-blocks; a step of so many takes a millisecond or two. */
const BLOCKS_PER_STEP = 65_536;

/**
 * GIF (GIF89a specification): the blocks are walked one by one up to the trailer. A first frame that reaches beyond
 * the screen makes the screen larger, as browsers have it; later ones do not.
 */
export async function readGif(bytes: Buffer, { pace, isDelimited }: ReadOptions): Promise<Structure> {
  return bytes.length < 13 ? CUT_SHORT : inSteps(pace, createWalk(bytes, isDelimited));
}

function createWalk(bytes: Buffer, isDelimited: boolean): () => Structure | undefined {
  let [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  let hasFrame = false;
  let hasPicture = false;
  let isInSubBlocks = false;
  let offset = 13 + colourTableLength(bytes.readUInt8(10));
  const structure = (isAtEnd: boolean): Structure => ({
    width: positive(width),
    height: positive(height),
    hasPicture,
    isWhole: isAtEnd && hasPicture,
  });
  return () => {
    for (let count = 0; count < BLOCKS_PER_STEP; count += 1) {
      const block = bytes[offset];
      if (block === undefined) return structure(false);
      if (isInSubBlocks) {
        // It is the sub-block's length; an empty one ends the series.
        offset += 1 + block;
        isInSubBlocks = block > 0;
      } else if (block === TRAILER) {
        return structure(true);
      } else if (block === EXTENSION) {
        offset += 2;
        isInSubBlocks = true;
      } else if (block === IMAGE) {
        if (!hasFrame && offset + 9 <= bytes.length) {
          hasFrame = true;
          width = Math.max(width, bytes.readUInt16LE(offset + 1) + bytes.readUInt16LE(offset + 5));
          height = Math.max(height, bytes.readUInt16LE(offset + 3) + bytes.readUInt16LE(offset + 7));
        }
        // Ten bytes of descriptor, the local colour table, one byte of code size.
        offset += 11 + colourTableLength(bytes[offset + 9] ?? 0);
        // A frame without data is what the shortest transparent GIFs have; browsers show it.
        const dataStart = bytes[offset] === 0 ? offset : offset + 1;
        if (dataStart < bytes.length) hasPicture = true;
        if (isDelimited && hasPicture) return structure(false);
        isInSubBlocks = true;
      } else if (block === 0) {
        // Some writers leave an empty sub-block too many.
        offset += 1;
      } else {
        return structure(false);
      }
    }
    return undefined;
  };
}

function colourTableLength(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}
