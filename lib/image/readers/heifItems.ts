import { findBox } from './boxes.ts';

/** Extents that are checked. A file with more of them does not count as whole. */
const EXTENTS_MAX = 100_000;

/** Construction methods: an item's offsets count from the start of the file, or of `idat`. */
const IN_FILE = 0;
const IN_META = 1;

/**
 * Whether the bytes have every extent of every item that `iloc` lists (ISO/IEC 14496-12, section 8.11.3); undefined
 * without `iloc`. `from` and `to` enclose the content of `meta`.
 */
export function areItemsThere(bytes: Buffer, from: number, to: number): boolean | undefined {
  const box = findBox(bytes, 'iloc', from, to);
  if (!box) return undefined;
  const end = Math.min(box.end, bytes.length);
  if (box.end > bytes.length || box.start + 8 > end) return false;
  const inline = findBox(bytes, 'idat', from, to);

  let offset = box.start;
  /** The next number; 0 after the end of the list. */
  const next = (length: number): number => {
    const at = offset;
    offset += length;
    if (offset > end) return 0;
    if (length === 8) return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
    return length === 0 ? 0 : bytes.readUIntBE(at, length);
  };
  const version = next(1);
  next(3);
  const [offsets, bases] = [next(1), next(1)];
  const [offsetLength, lengthLength, baseLength] = [offsets >> 4, offsets & 15, bases >> 4].map(
    lengthOfNumber,
  );
  const indexLength = version === 0 ? 0 : lengthOfNumber(bases & 15);
  const idLength = version < 2 ? 2 : 4;
  const items = next(idLength);
  let extents = 0;
  for (let item = 0; item < items; item += 1) {
    next(idLength);
    const method = version === 0 ? IN_FILE : next(2) & 15;
    const isElsewhere = next(2) !== 0 || (method !== IN_FILE && method !== IN_META);
    const base = next(baseLength ?? 0);
    const count = next(2);
    extents += 1 + count;
    if (offset > end || extents > EXTENTS_MAX) return false;
    for (let extent = 0; extent < count; extent += 1) {
      next(indexLength);
      const start = base + next(offsetLength ?? 0);
      const length = next(lengthLength ?? 0);
      if (offset > end) return false;
      if (isElsewhere) continue;
      // An extent without a length extends to the end of the file, so it may be cut off.
      if (length === 0 || (method === IN_META && !inline)) return false;
      if ((method === IN_META && inline ? inline.start : 0) + start + length > bytes.length) return false;
    }
  }
  return true;
}

/** Length of a number in bytes. The standard has 0, 4 and 8. */
function lengthOfNumber(nibble: number): number {
  return nibble === 4 || nibble === 8 ? nibble : 0;
}
