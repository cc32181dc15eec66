import type { Sides } from '../structure.ts';
import { type Box, boxesOf, findBox } from './boxes.ts';

export interface HeifSize {
  /** Sides as shown. */
  readonly sides: Sides;
  /** Number of pixels before a crop. */
  readonly pixels: number;
}

/** Items whose properties are read. A picture of 100 million pixels has 1,600 tiles of 256 by 256. */
const ITEMS_MAX = 100_000;

/**
 * The size of the primary item in the content of a `meta` box (ISO/IEC 23008-12, sections 6.5.3, 6.5.9, 6.5.10).
 * Without a size of that item it is the size of the largest picture; undefined when no picture has one.
 *
 * @param cropsAnywhere false when only a crop at the top left corner counts, as in browsers for AVIF
 */
export function sizeOfPrimary(
  bytes: Buffer,
  from: number,
  to: number,
  cropsAnywhere: boolean,
): HeifSize | undefined {
  const properties = findBox(bytes, 'iprp', from, to);
  const container = properties && findBox(bytes, 'ipco', properties.start, properties.end);
  if (!properties || !container) return undefined;

  const sizes = new Map<number, Sides>();
  const crops = new Map<number, Crop>();
  const turns = new Map<number, number>();
  let index = 0;
  let largest: Sides | undefined;
  for (const { type, start } of boxesOf(bytes, container.start, container.end)) {
    index += 1;
    if (type === 'irot' && start < bytes.length) turns.set(index, bytes.readUInt8(start) & 3);
    if (type === 'clap' && start + 32 <= bytes.length) crops.set(index, cropOf(bytes, start));
    if (type !== 'ispe' || start + 12 > bytes.length) continue;
    const size: Sides = [bytes.readUInt32BE(start + 4), bytes.readUInt32BE(start + 8)];
    sizes.set(index, size);
    if (largest === undefined || size[0] * size[1] > largest[0] * largest[1]) largest = size;
  }
  const primary = primaryItem(bytes, from, to);
  const associations = findBox(bytes, 'ipma', properties.start, properties.end);
  const own = primary === undefined || !associations ? [] : propertiesOf(bytes, associations, primary);
  const size = firstOf(sizes, own) ?? largest;
  if (!size) return undefined;
  const crop = firstOf(crops, own);
  const shown = crop ? cropped(size, crop, cropsAnywhere) : size;
  const quarters = own.reduce((sum, property) => sum + (turns.get(property) ?? 0), 0);
  return { sides: quarters % 2 === 0 ? shown : [shown[1], shown[0]], pixels: size[0] * size[1] };
}

/** The sides after a crop; unchanged when the crop is invalid or does not count. */
function cropped(size: Sides, { sides, offsets }: Crop, countsAnywhere: boolean): Sides {
  const isCrop = size.every((full, axis) => {
    const crop = sides[axis] ?? 0;
    // The offset is from the centre of the picture to the centre of the crop.
    const origin = (full - crop) / 2 + (offsets[axis] ?? 0);
    return crop >= 1 && crop <= full && (countsAnywhere || origin === 0);
  });
  return isCrop ? [Math.round(sides[0]), Math.round(sides[1])] : size;
}

function firstOf<T>(values: ReadonlyMap<number, T>, indexes: readonly number[]): T | undefined {
  return indexes.map((index) => values.get(index)).find((value) => value !== undefined);
}

/** The clean aperture (ISO/IEC 14496-12, section 12.1.4). */
interface Crop {
  readonly sides: Sides;
  /** From the centre of the picture to the centre of the crop. */
  readonly offsets: Sides;
}

/** The crop at `start`: four fractions. Offsets may be negative. */
function cropOf(bytes: Buffer, start: number): Crop {
  const side = (at: number): number => bytes.readUInt32BE(at) / bytes.readUInt32BE(at + 4);
  const offset = (at: number): number => bytes.readInt32BE(at) / bytes.readInt32BE(at + 4);
  return { sides: [side(start), side(start + 8)], offsets: [offset(start + 16), offset(start + 24)] };
}

function primaryItem(bytes: Buffer, from: number, to: number): number | undefined {
  const box = findBox(bytes, 'pitm', from, to);
  if (!box || box.start + 8 > bytes.length) return undefined;
  return bytes[box.start] === 0 ? bytes.readUInt16BE(box.start + 4) : bytes.readUInt32BE(box.start + 4);
}

/** Indexes, from 1, of an item's properties in `ipco` (ISO/IEC 14496-12, section 8.11.14). */
function propertiesOf(bytes: Buffer, box: Box, item: number): number[] {
  const end = Math.min(box.end, bytes.length);
  if (box.start + 8 > end) return [];
  const idLength = bytes[box.start] === 0 ? 2 : 4;
  const indexLength = ((bytes[box.start + 3] ?? 0) & 1) === 1 ? 2 : 1;
  let offset = box.start + 8;
  for (let items = 0; items < ITEMS_MAX && offset + idLength < end; items += 1) {
    const id = bytes.readUIntBE(offset, idLength);
    const count = bytes.readUInt8(offset + idLength);
    const first = offset + idLength + 1;
    offset = first + count * indexLength;
    if (offset > end) return [];
    if (id !== item) continue;
    // The highest bit marks a property as essential.
    const mask = indexLength === 2 ? 0x7fff : 0x7f;
    return Array.from(
      { length: count },
      (_, i) => bytes.readUIntBE(first + i * indexLength, indexLength) & mask,
    );
  }
  return [];
}
