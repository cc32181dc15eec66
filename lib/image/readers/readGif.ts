import { CUT_SHORT, inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/** Number of blocks and sub-blocks in a step, which takes a millisecond or two. */
const BLOCKS_PER_STEP = 65_536;

/**
 * The structure of a GIF file (GIF89a specification), whose blocks are read one by one up to the trailer. As in
 * browsers, a first frame that extends beyond the screen enlarges it; later frames do not.
 */
export async function readGif(bytes: Buffer, { yielder, isDelimited }: ReadOptions): Promise<Structure> {
  return bytes.length < 13 ? CUT_SHORT : inSteps(yielder, createWalk(bytes, isDelimited));
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
        // This byte is the length of a sub-block. An empty sub-block ends the series.
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
        // The descriptor has ten bytes; then come the local colour table and one byte of code size.
        offset += 11 + colourTableLength(bytes[offset + 9] ?? 0);
        // The shortest transparent GIFs have a frame without data, which browsers show.
        const dataStart = bytes[offset] === 0 ? offset : offset + 1;
        if (dataStart < bytes.length) hasPicture = true;
        if (isDelimited && hasPicture) return structure(false);
        isInSubBlocks = true;
      } else if (block === 0) {
        // Some writers add one empty sub-block too many.
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
