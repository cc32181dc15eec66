import { CUT_SHORT, positive, type Structure } from '../structure.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/**
 * GIF (GIF89a specification): the blocks are walked one by one up to the trailer. A screen of no size is what viewers
 * take for as large as its frames.
 */
export function readGif(bytes: Buffer): Structure {
  if (bytes.length < 13) return CUT_SHORT;
  const [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  const isOpen = width === 0 || height === 0;
  let [framesWidth, framesHeight] = [0, 0];
  let hasPicture = false;
  let offset = 13 + colourTableLength(bytes.readUInt8(10));
  const structure = (isAtEnd: boolean): Structure => ({
    width: positive(width || framesWidth),
    height: positive(height || framesHeight),
    hasPicture,
    isWhole: isAtEnd && hasPicture,
  });
  for (;;) {
    const block = bytes[offset];
    if (block === TRAILER) return structure(true);
    if (block === EXTENSION) {
      offset = skipSubBlocks(bytes, offset + 2);
    } else if (block === IMAGE) {
      if (isOpen && offset + 9 <= bytes.length) {
        framesWidth = Math.max(framesWidth, bytes.readUInt16LE(offset + 1) + bytes.readUInt16LE(offset + 5));
        framesHeight = Math.max(
          framesHeight,
          bytes.readUInt16LE(offset + 3) + bytes.readUInt16LE(offset + 7),
        );
      }
      // Ten bytes of descriptor, the local colour table, one byte of code size.
      const subBlocks = offset + 11 + colourTableLength(bytes[offset + 9] ?? 0);
      // A frame without data is what the shortest transparent GIFs have; browsers show it.
      const dataStart = bytes[subBlocks] === 0 ? subBlocks : subBlocks + 1;
      if (dataStart < bytes.length) hasPicture = true;
      offset = skipSubBlocks(bytes, subBlocks);
    } else if (block === 0) {
      // Some writers leave an empty sub-block too many.
      offset += 1;
    } else {
      return structure(false);
    }
  }
}

function colourTableLength(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

/** Offset behind the empty sub-block that ends a series; behind the bytes when there is none. */
function skipSubBlocks(bytes: Buffer, start: number): number {
  let offset = start;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined) return offset;
    offset += 1 + length;
    if (length === 0) return offset;
  }
}
