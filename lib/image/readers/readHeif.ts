import { positive, type ReadOptions, type Sides, type Structure } from '../structure.ts';
import { highBitsFirst } from './bits.ts';
import { boxesOf, brandsOf, findBox, hasCutBox } from './boxes.ts';
import { oriented } from './exif.ts';
import { areItemsThere } from './heifItems.ts';
import { type HeifSize, sizeOfPrimary } from './heifSize.ts';

/** Box types of HEIF and of videos on the top level. Phones add `mpvd` (a video) and `sefd`. */
const BOXES = ['meta', 'mini', 'mdat', 'moov', 'moof', 'mfra', 'sidx', 'styp', 'emsg', 'mpvd', 'sefd'];

/** A file of these brands has a track of pictures. */
const TRACK_BRANDS = ['avis', 'msf1', 'hevc', 'hevx', 'hevm', 'hevs'];

/** Browsers show AVIF, and apply a crop only if it begins at the top left corner. */
const AVIF_BRANDS = ['avif', 'avis'];

/** The boxes on the top level of a file. */
interface Contents {
  /** `start` is after its four bytes of version and flags. */
  readonly meta?: { readonly start: number; readonly end: number; readonly isOpen: boolean };
  readonly mini?: { readonly start: number; readonly end: number; readonly isOpen: boolean };
  readonly moov?: { readonly start: number; readonly end: number };
  readonly hasData: boolean;
  readonly hasOpenData: boolean;
  readonly isFragmented: boolean;
}

/**
 * The structure of AVIF, HEIC and other HEIF files (ISO/IEC 23008-12). The size is `ispe` of the primary item, cropped
 * by `clap` and rotated by `irot`; EXIF data do not rotate it. A file is whole when it has every item and every box.
 * When the last box has no length, the items determine its end. A track in such a box, or a fragmented file, never
 * counts as whole.
 */
export function readHeif(bytes: Buffer, { isDelimited }: ReadOptions): Structure | null {
  const contents = contentsOf(bytes);
  const { meta, mini, moov, hasData } = contents;
  const hasInlineData = meta !== undefined && findBox(bytes, 'idat', meta.start, meta.end) !== undefined;
  const size = sizeOf(bytes, contents);
  const [width, height] = size?.sides ?? [0, 0];
  const hasPicture =
    (mini !== undefined && mini.start < bytes.length) ||
    (hasData && (meta !== undefined || moov !== undefined)) ||
    hasInlineData;
  return {
    width: positive(width),
    height: positive(height),
    ...(size && { pixels: size.pixels }),
    hasPicture,
    isWhole: !isDelimited && hasPicture && isWhole(bytes, contents),
  };
}

function contentsOf(bytes: Buffer): Contents {
  const found: { -readonly [Key in keyof Contents]: Contents[Key] } = {
    hasData: false,
    hasOpenData: false,
    isFragmented: false,
  };
  for (const box of boxesOf(bytes)) {
    const { type, start } = box;
    if (type === 'meta') found.meta ??= { ...box, start: start + 4 };
    if (type === 'mini') found.mini ??= box;
    if (type === 'moov') found.moov ??= box;
    if (type === 'moof') found.isFragmented = true;
    if (type !== 'mdat' || start >= bytes.length) continue;
    found.hasData = true;
    found.hasOpenData ||= box.isOpen;
  }
  return found;
}

function isWhole(bytes: Buffer, { meta, mini, moov, hasOpenData, isFragmented }: Contents): boolean {
  if (hasCutBox(bytes, BOXES) || isFragmented) return false;
  const brands = brandsOf(bytes);
  if (!moov && TRACK_BRANDS.some((brand) => brands.has(brand))) return false;
  if (mini) return !mini.isOpen;
  if (!meta) return !hasOpenData;
  const areThere = areItemsThere(bytes, meta.start, meta.end);
  // Without a list of items, only boxes that have a length can be known to be whole.
  const isOpenEnded = meta.isOpen || hasOpenData;
  return isOpenEnded ? areThere === true && !moov : areThere !== false;
}

function sizeOf(bytes: Buffer, { meta, mini, moov }: Contents): HeifSize | undefined {
  if (mini) return sizeOfMini(bytes, mini.start);
  if (meta) {
    const brands = brandsOf(bytes);
    const isAvif = AVIF_BRANDS.some((brand) => brands.has(brand));
    return sizeOfPrimary(bytes, meta.start, meta.end, !isAvif);
  }
  return moov && sizeOfTrack(bytes, moov.start, moov.end);
}

/** The size in the packed bits of a low-overhead file's box (ISO/IEC 23008-12, third edition, amendment 2). */
function sizeOfMini(bytes: Buffer, start: number): HeifSize {
  const bits = highBitsFirst(bytes, start);
  // Skip the version, nine flags and the chroma format.
  bits(2 + 9 + 2);
  const orientation = 1 + bits(3);
  const sideBits = bits(1) === 1 ? 15 : 7;
  const sides: Sides = [1 + bits(sideBits), 1 + bits(sideBits)];
  return { sides: oriented(sides, orientation), pixels: sides[0] * sides[1] };
}

/**
 * The size of the first track; undefined without one. The track's header ends with its sides as 16.16 fixed-point
 * numbers (ISO/IEC 14496-12, section 8.3.2).
 */
function sizeOfTrack(bytes: Buffer, from: number, to: number): HeifSize | undefined {
  const track = findBox(bytes, 'trak', from, to);
  const header = track && findBox(bytes, 'tkhd', track.start, track.end);
  if (!header || header.end > bytes.length || header.end - header.start < 8) return undefined;
  const sides: Sides = [bytes.readUInt16BE(header.end - 8), bytes.readUInt16BE(header.end - 4)];
  return { sides, pixels: sides[0] * sides[1] };
}
