/** The EXIF tags (CIPA DC-008) with which browsers change the size of a picture. */
import type { Sides } from '../structure.ts';

const X_RESOLUTION = 0x11a;
const Y_RESOLUTION = 0x11b;
const RESOLUTION_UNIT = 0x128;
const ORIENTATION = 0x112;
const EXIF_DIRECTORY = 0x8769;
const PIXEL_X_DIMENSION = 0xa002;
const PIXEL_Y_DIMENSION = 0xa003;

const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
const ENTRY_LENGTH = 12;

/** Unit of a resolution in dots per inch. Browsers ignore other units. */
const INCHES = 2;
/** The EXIF resolution, in dots per inch, at which HTML shows one image pixel as one CSS pixel. */
const CSS_RESOLUTION = 72;

/** The value of a tag in one directory, from its first entry; undefined when absent or of another type. */
type Directory = (tag: number, ...types: readonly number[]) => number | undefined;

/** The sides after an orientation of 1 to 8. From 5 on, width and height are swapped. */
export function oriented(sides: Sides, orientation: number): Sides {
  return orientation >= 5 && orientation <= 8 ? [sides[1], sides[0]] : sides;
}

/** The orientation (1 to 8) of EXIF data, which begin with a TIFF header; 1 when it is absent or invalid. */
export function exifOrientation(exif: Buffer): number {
  const value = openDirectories(exif)?.first(ORIENTATION, SHORT);
  return value !== undefined && value >= 1 && value <= 8 ? value : 1;
}

/**
 * The size of a JPEG whose EXIF data have a resolution (HTML standard, "density-corrected natural width and height").
 * That is the pixel dimensions of the EXIF data, if `sides` corrected by the resolution equal them; otherwise `sides`.
 */
export function densityCorrected(sides: Sides, exif: Buffer): Sides {
  const directories = openDirectories(exif);
  const { first } = directories ?? {};
  const nested = first?.(EXIF_DIRECTORY, LONG);
  if (!directories || !first || nested === undefined || first(RESOLUTION_UNIT, SHORT) !== INCHES)
    return sides;
  const second = directories.at(nested);
  const told: Sides = [
    second(PIXEL_X_DIMENSION, SHORT, LONG) ?? 0,
    second(PIXEL_Y_DIMENSION, SHORT, LONG) ?? 0,
  ];
  const corrected = [X_RESOLUTION, Y_RESOLUTION].map((tag, index) => {
    return Math.round(((sides[index] ?? 0) * CSS_RESOLUTION) / (first(tag, RATIONAL) ?? 0));
  });
  return corrected.every((side, index) => side > 0 && side === told[index]) ? told : sides;
}

function openDirectories(exif: Buffer): { first: Directory; at: (offset: number) => Directory } | null {
  const order = exif.toString('latin1', 0, 2);
  if (exif.length < 14 || (order !== 'II' && order !== 'MM')) return null;
  const isLittle = order === 'II';
  const short = (at: number): number => (isLittle ? exif.readUInt16LE(at) : exif.readUInt16BE(at));
  const long = (at: number): number => (isLittle ? exif.readUInt32LE(at) : exif.readUInt32BE(at));
  if (short(2) !== 42) return null;

  const valueAt = (at: number, type: number): number | undefined => {
    if (type === SHORT) return short(at + 8);
    if (type === LONG) return long(at + 8);
    const offset = long(at + 8);
    return offset + 8 <= exif.length ? long(offset) / long(offset + 4) : undefined;
  };
  const at =
    (offset: number): Directory =>
    (tag, ...types) => {
      if (offset + 2 > exif.length) return undefined;
      const end = Math.min(offset + 2 + short(offset) * ENTRY_LENGTH, exif.length);
      for (let entry = offset + 2; entry + ENTRY_LENGTH <= end; entry += ENTRY_LENGTH) {
        if (short(entry) !== tag) continue;
        const isOne = types.includes(short(entry + 2)) && long(entry + 4) === 1;
        return isOne ? valueAt(entry, short(entry + 2)) : undefined;
      }
      return undefined;
    };
  return { first: at(long(4)), at };
}
