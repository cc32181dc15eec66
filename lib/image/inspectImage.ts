import { createYielder } from '../concurrency/yielder.ts';
import type { ImageFacts } from '../domain/model.ts';
import type { ImageCode } from '../domain/problem.ts';
import { imageFormatOf } from './imageFormats.ts';

export interface InspectOptions {
  /** Inclusive limit on width × height. */
  readonly maxPixels: number;
  /** The transport said where the bytes end, so they are whole even without the format's end. */
  readonly isDelimited: boolean;
}

export type Inspection =
  | { readonly ok: true; readonly facts: ImageFacts; readonly isOnePixel: boolean }
  | { readonly ok: false; readonly code: InspectionCode; readonly detail: string };

type InspectionCode = Extract<
  ImageCode,
  'IMAGE_EMPTY' | 'NOT_AN_IMAGE' | 'IMAGE_TOO_MANY_PIXELS' | 'IMAGE_TRUNCATED'
>;

/**
 * Type and size of an image by its bytes alone, or why they are refused. No pixel is decoded, and header fields and
 * names are not used. It takes linear time, yields, and never throws because of the bytes.
 *
 * - `IMAGE_EMPTY`: there are no bytes
 * - `NOT_AN_IMAGE`: the format is unknown
 * - `IMAGE_TOO_MANY_PIXELS`: there are more than `maxPixels` (SVG has none)
 * - `IMAGE_TRUNCATED`: picture data are missing or, unless `isDelimited`, the format's end is
 */
export async function inspectImage(bytes: Buffer, options: InspectOptions): Promise<Inspection> {
  if (bytes.length === 0) return refuse('IMAGE_EMPTY', 'The image has no bytes.');

  const yielder = createYielder();
  // All inline images of a page are inspected at once: without this yield their first slices would run without a pause.
  await yielder.yield();
  const format = await imageFormatOf(bytes, yielder);
  const structure = await format?.read(bytes, { yielder, isDelimited: options.isDelimited });
  if (!format || !structure)
    return refuse('NOT_AN_IMAGE', 'The bytes are not those of a known image format.');

  const { width, height } = structure;
  const isVector = format.isVector === true;
  const pixels = Math.max((width ?? 0) * (height ?? 0), structure.pixels ?? 0);
  if (!isVector && pixels > options.maxPixels) {
    return refuse(
      'IMAGE_TOO_MANY_PIXELS',
      `The image has ${pixels} pixels; the limit is ${options.maxPixels} pixels.`,
    );
  }
  if (!structure.hasPicture) return refuse('IMAGE_TRUNCATED', 'The bytes end before the picture begins.');
  if (!options.isDelimited && !structure.isWhole) {
    return refuse('IMAGE_TRUNCATED', 'The bytes end before the picture does.');
  }
  const { contentType, extension } = format;
  const isOnePixel = !isVector && width === 1 && height === 1;
  return { ok: true, facts: { contentType, extension, width, height }, isOnePixel };
}

/**
 * The content type of an image by its first bytes; null when the format is unknown. `head` must contain the signature
 * or, for SVG, the name of the root element.
 */
export async function imageTypeOf(head: Buffer): Promise<string | null> {
  return (await imageFormatOf(head, createYielder()))?.contentType ?? null;
}

function refuse(code: InspectionCode, detail: string): Inspection {
  return { ok: false, code, detail };
}
