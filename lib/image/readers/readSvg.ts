import type { Structure } from '../structure.ts';
import { attributesOf, endsWithTag, findSvgRoot, type SvgRoot, svgHead, svgTail } from './svgText.ts';

/** CSS pixels of one unit, at 96 dots an inch and a font of 16 pixels. */
const PIXELS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 96 / 72,
  pc: 16,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  em: 16,
  rem: 16,
  ex: 8,
};

/** A side longer than this says nothing about a picture. */
const SIDE_MAX = 1e9;
/** A `viewBox` has four numbers. The fifth part proves a list that is too long; the rest is not split. */
const BOX_PARTS_MAX = 5;

/** Whether the bytes are an XML document whose root element is `svg`. */
export function isSvg(bytes: Buffer): boolean {
  return findSvgRoot(svgHead(bytes)) !== null;
}

/**
 * SVG, read by a linear scanner: no XML parser, so no entity can be expanded. The size is `width` and `height` in
 * whole CSS pixels; a side that is missing or relative follows from the `viewBox`.
 */
export function readSvg(bytes: Buffer): Structure | null {
  const root = findSvgRoot(svgHead(bytes));
  if (root === null) return null;
  const [width, height] = sizeOf(root);
  const isWhole = root.isSelfClosed || (root.isClosed && endsWithTag(svgTail(bytes), root.name));
  return { width, height, hasPicture: root.isClosed, isWhole };
}

function sizeOf(root: SvgRoot): readonly [number | null, number | null] {
  const attributes = attributesOf(root);
  const width = lengthOf(attributes.get('width'));
  const height = lengthOf(attributes.get('height'));
  if (width !== null && height !== null) return [wholeSide(width), wholeSide(height)];

  const box =
    attributes
      .get('viewBox')
      ?.trim()
      .split(/[\s,]+/, BOX_PARTS_MAX)
      .map(Number) ?? [];
  const [, , boxWidth = 0, boxHeight = 0] = box;
  if (box.length !== 4 || !(boxWidth > 0 && boxHeight > 0)) return [wholeSide(width), wholeSide(height)];
  if (width !== null) return [wholeSide(width), wholeSide((width * boxHeight) / boxWidth)];
  if (height !== null) return [wholeSide((height * boxWidth) / boxHeight), wholeSide(height)];
  return [wholeSide(boxWidth), wholeSide(boxHeight)];
}

/** An absolute length in CSS pixels; null for a missing, relative, unreadable or zero one. */
function lengthOf(text: string | undefined): number | null {
  // The pattern would be quadratic if it skipped the whitespace itself. It looks at fifty characters at most.
  const match = /^\+?(\d{0,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?)([a-z]{0,3})$/i.exec(text?.trim() ?? '');
  const factor = PIXELS[match?.[2]?.toLowerCase() ?? ''];
  const length = Number(match?.[1]) * (factor ?? Number.NaN);
  return length > 0 ? length : null;
}

function wholeSide(length: number | null): number | null {
  return length === null || length > SIDE_MAX ? null : Math.max(1, Math.round(length));
}
