import type { Yielder } from '../../concurrency/yielder.ts';
import type { ReadOptions, Sides, Structure } from '../structure.ts';
import { attributesOf, findSvgRoot, hasSvgEnd, type SvgRoot } from './svgText.ts';

/** CSS pixels per unit, with 96 pixels per inch and a font size of 16 pixels. */
const PIXELS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 96 / 72,
  pc: 16,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  q: 96 / 101.6,
  em: 16,
  rem: 16,
  ex: 8,
};

/** The default size of a replaced element (CSS Images 3, section 5.2). */
const DEFAULT_SIDES: Sides = [300, 150];
/** A longer side counts as unknown. */
const SIDE_MAX = 1e9;
/** A `viewBox` has four numbers. A fifth part shows that the list is too long, so no more are split off. */
const BOX_PARTS_MAX = 5;

/** Whether the bytes are an XML document whose root element is `svg`. */
export async function isSvg(bytes: Buffer, yielder: Yielder): Promise<boolean> {
  return (await findSvgRoot(bytes, yielder)) !== null;
}

/**
 * The structure of an SVG image. A linear scanner reads it, not an XML parser, so no entity is expanded. The size is
 * `width` and `height` in whole CSS pixels. A missing or relative side follows from the `viewBox`, or is CSS's default.
 */
export async function readSvg(
  bytes: Buffer,
  { yielder, isDelimited }: ReadOptions,
): Promise<Structure | null> {
  const root = await findSvgRoot(bytes, yielder);
  if (root === null) return null;
  const hasPicture = root.contentStart !== null;
  const [width, height] = hasPicture ? sizeOf(root) : [null, null];
  return { width, height, hasPicture, isWhole: !isDelimited && (await hasSvgEnd(root, yielder)) };
}

/** The size by the default sizing algorithm of CSS Images 3, section 5.3; a side is null when it is unknown. */
function sizeOf(root: SvgRoot): readonly [number | null, number | null] {
  const attributes = attributesOf(root);
  const [width, height] = [attributes.get('width'), attributes.get('height')].map(lengthOf);
  const ratio = ratioOf(attributes);
  const [defaultWidth, defaultHeight] = DEFAULT_SIDES;
  if (width !== undefined && height !== undefined) return [wholeSide(width), wholeSide(height)];
  if (width !== undefined) return [wholeSide(width), wholeSide(ratio ? width / ratio : defaultHeight)];
  if (height !== undefined) return [wholeSide(ratio ? height * ratio : defaultWidth), wholeSide(height)];
  if (!ratio) return DEFAULT_SIDES;
  // The largest size of this ratio that fits into the default size.
  const fitted = Math.min(defaultWidth, defaultHeight * ratio);
  return [wholeSide(fitted), wholeSide(fitted / ratio)];
}

/** Width divided by height of the `viewBox`; undefined without one, or when the image may be stretched. */
function ratioOf(attributes: ReadonlyMap<string, string>): number | undefined {
  if (attributes.get('preserveAspectRatio')?.trim() === 'none') return undefined;
  const box =
    attributes
      .get('viewBox')
      ?.trim()
      .split(/[\s,]+/, BOX_PARTS_MAX)
      .map(Number) ?? [];
  const [, , width = 0, height = 0] = box;
  return box.length === 4 && width > 0 && height > 0 ? width / height : undefined;
}

/**
 * A length in CSS pixels. It is undefined when the context determines it (missing, a percentage, unreadable), and NaN
 * when this reader cannot compute it.
 */
function lengthOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  // Only browsers evaluate functions and entities.
  if (trimmed.includes('(') || trimmed.includes('&')) return Number.NaN;
  // The pattern reads fifty characters at most. It would be quadratic if it skipped whitespace.
  const match = /^([+-]?(?:\d{1,20}(?:\.\d{1,20})?|\.\d{1,20})(?:e[+-]?\d{1,3})?)([a-z]{0,5})$/i.exec(
    trimmed,
  );
  if (!match) return undefined;
  const length = Number(match[1]);
  // A negative length counts as 0. With another unit it is NaN.
  return length < 0 ? 0 : length * (PIXELS[match[2]?.toLowerCase() ?? ''] ?? Number.NaN);
}

function wholeSide(length: number): number | null {
  const side = Math.round(length);
  return side >= 1 && side <= SIDE_MAX ? side : null;
}
