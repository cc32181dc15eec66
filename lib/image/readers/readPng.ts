import { CUT_SHORT, positive, type Structure } from '../structure.ts';

interface Chunk {
  readonly type: string;
  /** Offset of the chunk's data. */
  readonly start: number;
  readonly length: number;
  /** Offset behind the chunk's CRC; may lie behind the end of the bytes. */
  readonly end: number;
}

const SIGNATURE_LENGTH = 8;

/** PNG and APNG (PNG specification, third edition, section 5): IHDR first, picture data in IDAT, IEND last. */
export function readPng(bytes: Buffer): Structure | null {
  let width: number | null = null;
  let height: number | null = null;
  let hasPicture = false;
  for (const { type, start, length, end } of chunksOf(bytes)) {
    // Apple's tools write CgBI before IHDR.
    if (start === SIGNATURE_LENGTH + 8 && type !== 'IHDR' && type !== 'CgBI') return null;
    if (type === 'IHDR' && width === null) {
      if (start + 8 > bytes.length) return CUT_SHORT;
      width = positive(bytes.readUInt32BE(start));
      height = positive(bytes.readUInt32BE(start + 4));
    }
    if (type === 'IDAT' && length > 0 && start < bytes.length) hasPicture = true;
    if (type === 'IEND') return { width, height, hasPicture, isWhole: end <= bytes.length };
  }
  return { width, height, hasPicture, isWhole: false };
}

/** An `acTL` chunk before the first IDAT makes a PNG an animated one. */
export function isAnimatedPng(bytes: Buffer): boolean {
  for (const { type } of chunksOf(bytes)) {
    if (type === 'acTL') return true;
    if (type === 'IDAT') return false;
  }
  return false;
}

function* chunksOf(bytes: Buffer): Generator<Chunk> {
  let offset = SIGNATURE_LENGTH;
  while (offset + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(offset);
    const start = offset + 8;
    const end = start + length + 4;
    yield { type: bytes.toString('latin1', offset + 4, start), start, length, end };
    offset = end;
  }
}
