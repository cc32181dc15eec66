import { CUT_SHORT, inSteps, positive, type ReadOptions, type Sides, type Structure } from '../structure.ts';

/** Chunk types, as the four bytes of their names. */
const VP8X = 0x56503858;
const VP8 = 0x56503820;
const VP8L = 0x5650384c;
const ANMF = 0x414e4d46;

/** A step takes a millisecond or two. */
const CHUNKS_PER_STEP = 65_536;

/** Length of the RIFF header and of the first chunk's header. */
const HEADER_LENGTH = 20;

/**
 * The structure of a WebP file (RFC 9649): RIFF chunks, whose header has the length of the file. Browsers do not apply
 * the EXIF orientation to WebP.
 */
export async function readWebp(bytes: Buffer, { yielder, isDelimited }: ReadOptions): Promise<Structure> {
  return bytes.length < HEADER_LENGTH ? CUT_SHORT : inSteps(yielder, createWalk(bytes, isDelimited));
}

function createWalk(bytes: Buffer, isDelimited: boolean): () => Structure | undefined {
  const end = 8 + bytes.readUInt32LE(4);
  let size: Sides | null = null;
  let hasPicture = false;
  let offset = 12;
  return () => {
    for (let count = 0; count < CHUNKS_PER_STEP; count += 1) {
      if (offset + 8 >= bytes.length || offset >= end || (isDelimited && hasPicture)) {
        const [width, height] = size ?? [0, 0];
        return {
          width: positive(width),
          height: positive(height),
          hasPicture,
          // The last chunk must end with the file. If they differ, the later end counts.
          isWhole: hasPicture && Math.max(end, offset) <= bytes.length,
        };
      }
      const type = bytes.readUInt32BE(offset);
      const data = offset + 8;
      // The first chunk with a size has the size of the whole canvas.
      size ??= sizeOf(type, bytes, data);
      if (type === VP8 || type === VP8L || type === ANMF) hasPicture = true;
      const length = bytes.readUInt32LE(offset + 4);
      offset = data + length + (length % 2);
    }
    return undefined;
  };
}

/** The size in the chunk whose data begin at `data`; null when it has none. */
function sizeOf(type: number, bytes: Buffer, data: number): Sides | null {
  const has = (length: number): boolean => data + length <= bytes.length;
  if (type === VP8X && has(10)) return [1 + bytes.readUIntLE(data + 4, 3), 1 + bytes.readUIntLE(data + 7, 3)];
  if (type === VP8 && has(10) && bytes.readUIntBE(data + 3, 3) === 0x9d012a) {
    return [bytes.readUInt16LE(data + 6) & 0x3fff, bytes.readUInt16LE(data + 8) & 0x3fff];
  }
  if (type === VP8L && has(5) && bytes[data] === 0x2f) {
    const bits = bytes.readUInt32LE(data + 1);
    return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
  }
  return null;
}
