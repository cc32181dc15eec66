import type { Yielder } from '../concurrency/yielder.ts';

/** What can be read from an image's bytes without decoding a pixel. */
export interface Structure {
  /** Pixels as in a browser's `naturalWidth`, after orientation and cropping; null when unknown. */
  readonly width: number | null;
  readonly height: number | null;
  /** Pixels that a decoder has to produce. Absent: `width` × `height`. A crop can hide some of them. */
  readonly pixels?: number;
  /** The header and at least the first byte of picture data are present. */
  readonly hasPicture: boolean;
  /** The end of the format is present. */
  readonly isWhole: boolean;
}

export interface ReadOptions {
  readonly yielder: Yielder;
  /** The transport guarantees the end. A reader then need not look for it, and `isWhole` has no meaning. */
  readonly isDelimited: boolean;
}

/**
 * Returns the structure of an image in one format; null when the bytes after the signature cannot be that format.
 * `bytes` begin with the format's signature. A reader takes linear time for any bytes, and its work is bounded or
 * yields.
 */
export type StructureReader = (
  bytes: Buffer,
  options: ReadOptions,
) => Structure | null | Promise<Structure | null>;

/** The result of the first step that returns one. Repeats `step`, and yields between steps. */
export async function inSteps<T>(yielder: Yielder, step: () => T | undefined): Promise<T> {
  for (;;) {
    const result = step();
    if (result !== undefined) return result;
    if (yielder.isDue()) await yielder.yield();
  }
}

/** A native search of this many bytes takes a millisecond, even when every byte is the needle's first byte. */
const BYTES_PER_SEARCH = 256 * 1024;

/** Offset of the next occurrence of `needle`; -1 without one. It yields. */
export function find(
  bytes: Buffer,
  needle: string | Buffer,
  from: number,
  yielder: Yielder,
): Promise<number> {
  let offset = from;
  return inSteps(yielder, () => {
    if (offset >= bytes.length) return -1;
    const window = bytes.subarray(offset, offset + BYTES_PER_SEARCH + needle.length - 1);
    const at = window.indexOf(needle, 0, 'latin1');
    if (at !== -1) return offset + at;
    offset += BYTES_PER_SEARCH;
    return undefined;
  });
}

/** The structure of bytes that end too soon after the signature. */
export const CUT_SHORT: Structure = { width: null, height: null, hasPicture: false, isWhole: false };

export type Sides = readonly [width: number, height: number];

/** The side; null when it is not positive. Formats forbid that, but some files have a side of zero. */
export function positive(side: number): number | null {
  return side > 0 ? side : null;
}
