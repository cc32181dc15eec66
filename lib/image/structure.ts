import type { Pace } from '../concurrency/pace.ts';

/** What the structure of an image's bytes tells, without decoding a pixel. */
export interface Structure {
  /** Pixels as a browser's `naturalWidth` has them: after orientation and cropping. null where the bytes do not say. */
  readonly width: number | null;
  readonly height: number | null;
  /** Pixels that a decoder has to make, where they are more than `width` × `height`: a crop hides the rest. */
  readonly pixels?: number;
  /** The header and at least a first byte of picture data are there. */
  readonly hasPicture: boolean;
  /** The format's own end is there. */
  readonly isWhole: boolean;
}

export interface ReadOptions {
  readonly pace: Pace;
  /** The transport vouches for the end: a reader then need not look for it, and `isWhole` says nothing. */
  readonly isDelimited: boolean;
}

/**
 * Reads the structure of one format in time linear in the bytes, whatever they hold. `bytes` begin with the format's
 * signature; null when what follows cannot be that format. The work of a reader either is bounded, or is
 * done in steps between which it yields.
 */
export type StructureReader = (
  bytes: Buffer,
  options: ReadOptions,
) => Structure | null | Promise<Structure | null>;

/** Takes step after step until one of them returns a structure, and yields in between. */
export async function inSteps<T>(pace: Pace, step: () => T | undefined): Promise<T> {
  for (;;) {
    const result = step();
    if (result !== undefined) return result;
    if (pace.isDue()) await pace.rest();
  }
}

/** Native search takes a millisecond for so many bytes, also where the first byte of the needle is everywhere. */
const BYTES_PER_SEARCH = 256 * 1024;

/** Offset of the next occurrence of `needle`, or -1. Yields in between. */
export function find(bytes: Buffer, needle: string | Buffer, from: number, pace: Pace): Promise<number> {
  let offset = from;
  return inSteps(pace, () => {
    if (offset >= bytes.length) return -1;
    const window = bytes.subarray(offset, offset + BYTES_PER_SEARCH + needle.length - 1);
    const at = window.indexOf(needle, 0, 'latin1');
    if (at !== -1) return offset + at;
    offset += BYTES_PER_SEARCH;
    return undefined;
  });
}

/** Right signature, and then too little to say anything. */
export const CUT_SHORT: Structure = { width: null, height: null, hasPicture: false, isWhole: false };

export type Sides = readonly [width: number, height: number];

/** Formats forbid a side of zero, files have it all the same: it says as little as no size. */
export function positive(side: number): number | null {
  return side > 0 ? side : null;
}
