import { positive, type Structure } from '../structure.ts';
import { type Box, boxesOf, findBox } from './boxes.ts';

type Size = readonly [width: number, height: number];

/**
 * AVIF, HEIC and other HEIF (ISO/IEC 23008-12). The size is the primary item's `ispe` property, or the largest one
 * when the items do not lead there; rotation (`irot`) and cropping (`clap`) are left out of it.
 */
export function readHeif(bytes: Buffer): Structure | null {
  let meta: Box | undefined;
  let hasData = false;
  let hasTrack = false;
  let isWhole = true;
  for (const box of boxesOf(bytes)) {
    if (box.end > bytes.length) isWhole = false;
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
  let index = 0;
  let largest: Size | undefined;
  for (const box of boxesOf(bytes, container.start, container.end)) {
    index += 1;
    if (box.type !== 'ispe' || box.start + 12 > bytes.length) continue;
    const size: Size = [bytes.readUInt32BE(box.start + 4), bytes.readUInt32BE(box.start + 8)];
    sizes.set(index, size);
    if (largest === undefined || size[0] * size[1] > largest[0] * largest[1]) largest = size;
  }
  const primary = primaryItem(bytes, from, to);
  const associations = findBox(bytes, 'ipma', properties.start, properties.end);
  const indexes = primary === undefined || !associations ? [] : propertiesOf(bytes, associations, primary);
  const size = indexes.map((each) => sizes.get(each)).find((each) => each !== undefined) ?? largest;
  return size ? [positive(size[0]), positive(size[1])] : [null, null];
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
  while (offset + idLength < end) {
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
