import { createPace } from '../concurrency/pace.ts';
import type { ImageFacts } from '../domain/model.ts';
import type { ImageCode } from '../domain/problem.ts';
import { imageFormatOf } from './imageFormats.ts';

export interface InspectOptions {
  /** Inclusive limit on width × height. */
  readonly maxPixels: number;
  /** The transport said where the bytes end, so they are whole whatever the format says. */
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
 * Says what an image is from its bytes alone: never from a header or a name, and without decoding a pixel. Takes time
 * linear in the bytes, yields in between, and throws for none.
 *
 * Refuses no bytes at all (`IMAGE_EMPTY`), bytes of no known format (`NOT_AN_IMAGE`), more than `maxPixels`
 * (`IMAGE_TOO_MANY_PIXELS`; SVG has no pixels), a header without picture data, and, unless `isDelimited`, bytes
 * without the format's own end (`IMAGE_TRUNCATED`).
 */
export async function inspectImage(bytes: Buffer, options: InspectOptions): Promise<Inspection> {
  if (bytes.length === 0) return refuse('IMAGE_EMPTY', 'The image has no bytes.');

  const pace = createPace();
  // The inline images of a page are all inspected at once: each waits for its turn.
  await pace.rest();
  const format = await imageFormatOf(bytes, pace);
  const structure = await format?.read(bytes, { pace, isDelimited: options.isDelimited });
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
 * The content type of the image that begins so; null when it is none. `head` has to hold the signature (SVG:
 * everything up to the root's name).
 */
export async function imageTypeOf(head: Buffer): Promise<string | null> {
  return (await imageFormatOf(head, createPace()))?.contentType ?? null;
}

function refuse(code: InspectionCode, detail: string): Inspection {
  return { ok: false, code, detail };
}
