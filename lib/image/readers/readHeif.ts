import { positive, type Structure } from '../structure.ts';
import { type Box, boxesOf, findBox } from './boxes.ts';

type Size = readonly [width: number, height: number];

/** Pixels; HEVC and AV1 pad a picture by less than this. */
const CODING_BLOCK = 64;

/** Items whose properties are looked through. A picture of 100 million pixels has 1,600 tiles of 256 by 256. */
const ITEMS_MAX = 100_000;

/** Boxes without which the picture is not whole; what only looks like a box behind them is somebody's appendix. */
const PICTURE_BOXES = new Set(['meta', 'mdat', 'moov', 'moof']);

/**
 * AVIF, HEIC and other HEIF (ISO/IEC 23008-12). The size is the primary item's: `ispe`, less what `clap` crops of
 * the coder's padding, and not rotated by `irot`. When the items do not lead there it is the largest `ispe`.
 */
export function readHeif(bytes: Buffer): Structure | null {
  let meta: Box | undefined;
  let hasData = false;
  let hasTrack = false;
  let isWhole = true;
  for (const box of boxesOf(bytes)) {
    if (box.end > bytes.length && PICTURE_BOXES.has(box.type)) isWhole = false;
    if (box.type === 'meta') meta ??= box;
    if (box.type === 'moov') hasTrack = true;
    if (box.type === 'mdat' && box.start < bytes.length) hasData = true;
  }
  if (meta === undefined) return { width: null, height: null, hasPicture: hasTrack && hasData, isWhole };
  // `meta` is a full box: four bytes of version and flags come first.
  const from = meta.start + 4;
  const hasInlineData = findBox(bytes, 'idat', from, meta.end) !== undefined;
  const [width, height] = sizeOf(bytes, from, meta.end);
  return {
    width,
    height,
    hasPicture: hasData || hasInlineData,
    isWhole: isWhole && (hasData || hasInlineData),
  };
}

function sizeOf(bytes: Buffer, from: number, to: number): readonly [number | null, number | null] {
  const properties = findBox(bytes, 'iprp', from, to);
  const container = properties && findBox(bytes, 'ipco', properties.start, properties.end);
  if (!properties || !container) return [null, null];

  const sizes = new Map<number, Size>();
  const crops = new Map<number, Size>();
  let index = 0;
  let largest: Size | undefined;
  for (const box of boxesOf(bytes, container.start, container.end)) {
    index += 1;
    if (box.type === 'clap' && box.start + 16 <= bytes.length) crops.set(index, cropOf(bytes, box.start));
    if (box.type !== 'ispe' || box.start + 12 > bytes.length) continue;
    const size: Size = [bytes.readUInt32BE(box.start + 4), bytes.readUInt32BE(box.start + 8)];
    sizes.set(index, size);
    if (largest === undefined || size[0] * size[1] > largest[0] * largest[1]) largest = size;
  }
  const primary = primaryItem(bytes, from, to);
  const associations = findBox(bytes, 'ipma', properties.start, properties.end);
  const own = primary === undefined || !associations ? [] : propertiesOf(bytes, associations, primary);
  const size = firstOf(sizes, own) ?? largest;
  if (!size) return [null, null];
  const [width, height] = firstOf(crops, own) ?? size;
  return [cropped(size[0], width), cropped(size[1], height)];
}

/** A crop of more than a coding block is an editor's choice, and would let a huge picture pass for a small one. */
function cropped(full: number, crop: number): number | null {
  return positive(crop > 0 && crop <= full && full - crop < CODING_BLOCK ? Math.round(crop) : full);
}

function firstOf(sizes: ReadonlyMap<number, Size>, indexes: readonly number[]): Size | undefined {
  return indexes.map((index) => sizes.get(index)).find((size) => size !== undefined);
}

/** Width and height of the clean aperture: two fractions. */
function cropOf(bytes: Buffer, start: number): Size {
  const side = (at: number): number => bytes.readUInt32BE(at) / bytes.readUInt32BE(at + 4);
  return [side(start), side(start + 8)];
}

function primaryItem(bytes: Buffer, from: number, to: number): number | undefined {
  const box = findBox(bytes, 'pitm', from, to);
  if (!box || box.start + 8 > bytes.length) return undefined;
  return bytes[box.start] === 0 ? bytes.readUInt16BE(box.start + 4) : bytes.readUInt32BE(box.start + 4);
}

/** Indexes (from 1) of an item's properties in `ipco`: ISO/IEC 14496-12, section 8.11.14. */
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
    // The highest bit says that the property is essential.
    const mask = indexLength === 2 ? 0x7fff : 0x7f;
    return Array.from(
      { length: count },
      (_, i) => bytes.readUIntBE(first + i * indexLength, indexLength) & mask,
    );
  }
  return [];
}
