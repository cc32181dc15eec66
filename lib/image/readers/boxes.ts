/** One box of an ISO base media file (ISO/IEC 14496-12, section 4.2), as HEIF, AVIF, JPEG XL and JPEG 2000 use them. */
export interface Box {
  readonly type: string;
  /** Offset of its content. */
  readonly start: number;
  /** Offset behind it; behind the end of the bytes when it is cut off. */
  readonly end: number;
  /** It says that it reaches to the end, whatever that is. */
  readonly isOpen: boolean;
}

/** Far more than any real file has on one level; a hostile one is not worth more. */
const BOXES_MAX = 10_000;

/** The boxes between two offsets. Ends at the first that makes no sense, so every step goes forward by 8 bytes. */
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

/** The first box of this type between two offsets. */
export function findBox(bytes: Buffer, type: string, from?: number, to?: number): Box | undefined {
  for (const box of boxesOf(bytes, from, to)) if (box.type === type) return box;
  return undefined;
}

/** Boxes that any file of this family may have, with or without a picture in them. */
const COMMON_BOXES = ['ftyp', 'free', 'skip', 'uuid', 'wide'];

/**
 * Whether a box of one of these types reaches beyond the bytes. What only looks like a box behind the picture is
 * somebody's appendix, so that unknown types do not count.
 */
export function hasCutBox(bytes: Buffer, types: readonly string[]): boolean {
  for (const { type, end } of boxesOf(bytes)) {
    if (end > bytes.length && (types.includes(type) || COMMON_BOXES.includes(type))) return true;
  }
  return false;
}

/**
 * The brands of a leading `ftyp` box: the major one, what stands as its version (low-overhead files name their codec
 * there), then the compatible ones; empty without such a box.
 */
export function brandsOf(head: Buffer): ReadonlySet<string> {
  const brands = new Set<string>();
  if (head.length < 12 || head.toString('latin1', 4, 8) !== 'ftyp') return brands;
  // A real list has a handful; the bound keeps a hostile one cheap.
  const end = Math.min(head.readUInt32BE(0), head.length, 16 + 4 * 64);
  for (let offset = 8; offset + 4 <= end; offset += 4)
    brands.add(head.toString('latin1', offset, offset + 4));
  return brands;
}
