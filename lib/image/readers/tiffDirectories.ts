/** The directories of a TIFF file (TIFF 6.0, section 2) or BigTIFF. */
import type { Pace } from '../../concurrency/pace.ts';
import { inSteps } from '../structure.ts';

/** Reads unsigned integers in the file's byte order; 0 behind the end of the bytes. */
type ReadInteger = (offset: number, length: number) => number;

export interface TiffFile {
  readonly bytes: Buffer;
  readonly integer: ReadInteger;
  readonly isBig: boolean;
  /** Offset of the first directory. */
  readonly first: number;
  /** By tag the number of the directory that had it last: one table for all, of which a file may have thousands. */
  readonly seen: Uint32Array;
  directories: number;
  /** Entries that are still looked at, of all directories together. */
  entriesLeft: number;
}

interface Values {
  readonly count: number;
  /** Offset behind the last value. */
  readonly end: number;
  readonly at: (index: number) => number;
}

export interface Directory {
  /** Its entries and what they point to are there, as well as the offset of the next directory. */
  readonly isWhole: boolean;
  /** Offset of the next directory; 0 for none. */
  readonly next: number;
  /** Wanted tag → its values; the first entry of a tag counts. */
  readonly values: ReadonlyMap<number, Values>;
}

/** Length of one value by its type: TIFF 6.0, section 2, and BigTIFF. */
const TYPE_LENGTHS = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8] as const;

/** Tags have two bytes, and a directory has each of them once (TIFF 6.0, section 2): so many entries are looked at. */
const TAGS = 65_536;
/** Of all directories together; a thousand pages have some 20,000. */
const ENTRIES_MAX = 500_000;

export function openTiff(bytes: Buffer): TiffFile {
  const isLittle = bytes[0] === 0x49;
  const integer: ReadInteger = (offset, length) => {
    if (offset + length > bytes.length) return 0;
    if (length === 8) {
      // A BigInt takes ten times as long.
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

/** The directory at an offset, with the values of `wanted`; null when not even its first entry is there. */
export async function readDirectory(
  file: TiffFile,
  start: number,
  wanted: ReadonlySet<number>,
  pace: Pace,
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
  await inSteps(pace, () => {
    const at = next;
    if (at + entryLength > lookedAt) return true;
    next += entryLength;
    const tag = integer(at, 2);
    const length = TYPE_LENGTHS[integer(at + 2, 2)] ?? 0;
    if (length === 0 || seen[tag] === number) return;
    seen[tag] = number;
    const valueCount = integer(at + 4, wide);
    const inline = at + 4 + wide;
    // Values that fit stand in the entry itself, others where it points to.
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
