import type { Pace } from '../../pace.ts';
import { CUT_SHORT, inSteps, positive, type Structure } from '../structure.ts';

/** Reads unsigned integers in the file's byte order; 0 behind the end of the bytes. */
type ReadInteger = (offset: number, length: number) => number;

interface Directory {
  readonly isWhole: boolean;
  /** Wanted tag → its values; the first entry of a tag counts. */
  readonly values: ReadonlyMap<number, Values>;
}

interface Values {
  readonly count: number;
  /** Offset behind the last value. */
  readonly end: number;
  readonly at: (index: number) => number;
}

interface Tags {
  readonly width: number;
  readonly height: number;
  /** Pairs of tags: where the parts of the picture begin, and their lengths. */
  readonly parts: readonly (readonly [offsets: number, lengths: number])[];
}

/** Strips or tiles: TIFF 6.0, sections 3 and 15. */
const TIFF_TAGS: Tags = {
  width: 0x100,
  height: 0x101,
  parts: [
    [0x111, 0x117],
    [0x144, 0x145],
  ],
};
/** ITU-T T.832, annex A: a TIFF-like container with tags of its own. */
const JPEG_XR_TAGS: Tags = { width: 0xbc80, height: 0xbc81, parts: [[0xbcc0, 0xbcc1]] };

/** Length of one value by its type: TIFF 6.0, section 2, and BigTIFF. */
const TYPE_LENGTHS = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8] as const;

/** Tags have two bytes, and a directory has each of them once (TIFF 6.0, section 2): so many entries are looked at. */
const TAGS = 65_536;

/** More strips or tiles than this are not looked at. */
const PARTS_MAX = 100_000;

/** TIFF and BigTIFF. Only the first directory is followed, which is the picture that a browser shows: no loop is possible. */
export function readTiff(bytes: Buffer, pace: Pace): Promise<Structure> {
  return readPicture(bytes, TIFF_TAGS, pace);
}

/** JPEG XR (HD Photo). */
export function readJpegXr(bytes: Buffer, pace: Pace): Promise<Structure> {
  return readPicture(bytes, JPEG_XR_TAGS, pace);
}

async function readPicture(bytes: Buffer, tags: Tags, pace: Pace): Promise<Structure> {
  const wanted = new Set([tags.width, tags.height, ...tags.parts.flat()]);
  const directory = await readDirectory(bytes, wanted, pace);
  if (directory === null) return CUT_SHORT;
  const { values } = directory;
  const width = positive(values.get(tags.width)?.at(0) ?? 0);
  const height = positive(values.get(tags.height)?.at(0) ?? 0);
  let hasPicture = false;
  let isWhole = directory.isWhole;
  for (const [offsetsTag, lengthsTag] of tags.parts) {
    const offsets = values.get(offsetsTag);
    if (!offsets) continue;
    const lengths = values.get(lengthsTag);
    const count = offsets.end <= bytes.length ? Math.min(offsets.count, PARTS_MAX) : 0;
    let i = 0;
    await inSteps(pace, () => {
      if (i >= count) return true;
      const start = offsets.at(i);
      if (start > 0 && start < bytes.length) hasPicture = true;
      if (start + (lengths?.at(i) ?? 0) > bytes.length) isWhole = false;
      i += 1;
      return;
    });
  }
  return { width, height, hasPicture, isWhole: hasPicture && isWhole };
}

/** The first image file directory, with the values of `wanted`; null when not even its first entry is there. */
async function readDirectory(
  bytes: Buffer,
  wanted: ReadonlySet<number>,
  pace: Pace,
): Promise<Directory | null> {
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
  const wide = isBig ? 8 : 4;
  const countLength = isBig ? 8 : 2;
  const entryLength = isBig ? 20 : 12;

  const start = integer(isBig ? 8 : 4, wide);
  const count = integer(start, countLength);
  const first = start + countLength;
  if (start < 8 || count === 0 || first + entryLength > bytes.length) return null;
  const end = first + count * entryLength;

  const values = new Map<number, Values>();
  const seen = new Uint8Array(TAGS);
  let isWhole = end <= bytes.length;
  const lookedAt = Math.min(end, bytes.length, first + TAGS * entryLength);
  let next = first;
  await inSteps(pace, () => {
    const at = next;
    if (at + entryLength > lookedAt) return true;
    next += entryLength;
    const tag = integer(at, 2);
    const length = TYPE_LENGTHS[integer(at + 2, 2)] ?? 0;
    if (length === 0 || seen[tag] === 1) return;
    seen[tag] = 1;
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
  return { isWhole, values };
}
