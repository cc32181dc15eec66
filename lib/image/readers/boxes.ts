/** One box of an ISO base media file (ISO/IEC 14496-12, section 4.2), as HEIF, AVIF, JPEG XL and JPEG 2000 use them. */
export interface Box {
  readonly type: string;
  /** Offset of its content. */
  readonly start: number;
  /** Offset after the box. It is after the end of the bytes when the box is cut off. */
  readonly end: number;
  /** It has no length: it extends to the end of the file. */
  readonly isOpen: boolean;
}

/** Far more than any real file has on one level. Further boxes are ignored. */
const BOXES_MAX = 10_000;

/** The boxes between two offsets, up to the first invalid one. So each box has at least 8 bytes. */
export function* boxesOf(bytes: Buffer, from = 0, to = bytes.length): Generator<Box> {
  let offset = from;
  const limit = Math.min(to, bytes.length);
  for (let count = 0; count < BOXES_MAX && offset + 8 <= limit; count += 1) {
    const shortSize = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    const isLong = shortSize === 1;
    if (isLong && offset + 16 > limit) return;
    const header = isLong ? 16 : 8;
    const size = isLong ? Number(bytes.readBigUInt64BE(offset + 8)) : shortSize;
    const isOpen = size === 0;
    if (!isOpen && size < header) return;
    const end = isOpen ? to : offset + size;
    yield { type, start: offset + header, end, isOpen };
    offset = end;
  }
}

/** The first box of this type between two offsets; undefined without one. */
export function findBox(bytes: Buffer, type: string, from?: number, to?: number): Box | undefined {
  for (const box of boxesOf(bytes, from, to)) if (box.type === type) return box;
  return undefined;
}

/** Box types that every file of this family may have. */
const COMMON_BOXES = ['ftyp', 'free', 'skip', 'uuid', 'wide'];

/**
 * Whether a box of one of these types extends beyond the bytes. Unknown types do not count: other data may be appended
 * to a picture, and only look like a box.
 */
export function hasCutBox(bytes: Buffer, types: readonly string[]): boolean {
  for (const { type, end } of boxesOf(bytes)) {
    if (end > bytes.length && (types.includes(type) || COMMON_BOXES.includes(type))) return true;
  }
  return false;
}

/**
 * The brands of a leading `ftyp` box: the major one, its minor version, and the compatible ones; empty without such a
 * box. In place of a version, low-overhead files name their codec.
 */
export function brandsOf(head: Buffer): ReadonlySet<string> {
  const brands = new Set<string>();
  if (head.length < 12 || head.toString('latin1', 4, 8) !== 'ftyp') return brands;
  // Real files have a few brands. The limit bounds the work for a hostile file.
  const end = Math.min(head.readUInt32BE(0), head.length, 16 + 4 * 64);
  for (let offset = 8; offset + 4 <= end; offset += 4)
    brands.add(head.toString('latin1', offset, offset + 4));
  return brands;
}
