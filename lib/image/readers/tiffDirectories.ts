/** The directories of a TIFF file (TIFF 6.0, section 2) or BigTIFF. */
import type { Yielder } from '../../concurrency/yielder.ts';
import { inSteps } from '../structure.ts';

/** An unsigned integer in the file's byte order; 0 after the end of the bytes. */
type ReadInteger = (offset: number, length: number) => number;

export interface TiffFile {
  readonly bytes: Buffer;
  readonly integer: ReadInteger;
  readonly isBig: boolean;
  /** Offset of the first directory. */
  readonly first: number;
  /**
   * For each tag, the number of the latest directory that has it. All directories share the table: there may be
   * thousands.
   */
  readonly seen: Uint32Array;
  directories: number;
  /** How many more entries are read, in all directories together. */
  entriesLeft: number;
}

interface Values {
  readonly count: number;
  /** Offset after the last value. */
  readonly end: number;
  readonly at: (index: number) => number;
}

export interface Directory {
  /** The bytes have its entries, all their values and the offset of the next directory. */
  readonly isWhole: boolean;
  /** Offset of the next directory; 0 without one. */
  readonly next: number;
  /** Values by wanted tag. The first entry of a tag counts. */
  readonly values: ReadonlyMap<number, Values>;
}

/** Length in bytes of one value, by its type (TIFF 6.0, section 2, and BigTIFF); 0 for an unknown type. */
const TYPE_LENGTHS = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8] as const;

/** Entries that are read in a directory: tags have two bytes, and each occurs once (TIFF 6.0, section 2). */
const TAGS = 65_536;
/** Entries that are read in all directories together. A file of a thousand pages has about 20,000. */
const ENTRIES_MAX = 500_000;

export function openTiff(bytes: Buffer): TiffFile {
  const isLittle = bytes[0] === 0x49;
  const integer: ReadInteger = (offset, length) => {
    if (offset + length > bytes.length) return 0;
    if (length === 8) {
      // BigInt would be ten times slower.
      const [low, high] = isLittle ? [offset, offset + 4] : [offset + 4, offset];
      return integer(high, 4) * 2 ** 32 + integer(low, 4);
    }
    if (length === 4) return isLittle ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
    return isLittle ? bytes.readUIntLE(offset, length) : bytes.readUIntBE(offset, length);
  };
  const isBig = integer(2, 2) === 43;
  return {
    bytes,
    integer,
    isBig,
    first: isBig ? integer(8, 8) : integer(4, 4),
    seen: new Uint32Array(TAGS),
    directories: 0,
    entriesLeft: ENTRIES_MAX,
  };
}

/** The directory at an offset, with the values of `wanted`; null when the bytes lack its first entry. */
export async function readDirectory(
  file: TiffFile,
  start: number,
  wanted: ReadonlySet<number>,
  yielder: Yielder,
): Promise<Directory | null> {
  const { bytes, integer, isBig } = file;
  const wide = isBig ? 8 : 4;
  const countLength = isBig ? 8 : 2;
  const entryLength = isBig ? 20 : 12;
  const count = integer(start, countLength);
  const first = start + countLength;
  if (start < 8 || count === 0 || first + entryLength > bytes.length) return null;
  const end = first + count * entryLength;

  const values = new Map<number, Values>();
  file.directories += 1;
  const { seen, directories: number } = file;
  const looked = Math.min(count, TAGS, file.entriesLeft);
  file.entriesLeft -= looked;
  let isWhole = end + wide <= bytes.length && file.entriesLeft > 0;
  const lookedAt = Math.min(bytes.length, first + looked * entryLength);
  let next = first;
  await inSteps(yielder, () => {
    const at = next;
    if (at + entryLength > lookedAt) return true;
    next += entryLength;
    const tag = integer(at, 2);
    const length = TYPE_LENGTHS[integer(at + 2, 2)] ?? 0;
    if (length === 0 || seen[tag] === number) return;
    seen[tag] = number;
    const valueCount = integer(at + 4, wide);
    const inline = at + 4 + wide;
    // Short values are in the entry itself. Otherwise the entry has their offset.
    const base = valueCount * length <= wide ? inline : integer(inline, wide);
    if (base + valueCount * length > bytes.length) isWhole = false;
    if (!wanted.has(tag)) return;
    values.set(tag, {
      count: valueCount,
      end: base + valueCount * length,
      at: (index) => (index < valueCount ? integer(base + index * length, length) : 0),
    });
    return;
  });
  return { isWhole, next: integer(end, wide), values };
}
