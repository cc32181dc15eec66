import type { Pace } from '../pace.ts';

/** What the structure of an image's bytes tells, without decoding a pixel. */
export interface Structure {
  /** Pixels as the header has them, before any EXIF or HEIF rotation; null where the bytes do not say. */
  readonly width: number | null;
  readonly height: number | null;
  /** The header and at least a first byte of picture data are there. */
  readonly hasPicture: boolean;
  /** The format's own end is there, or the format has none. */
  readonly isWhole: boolean;
}

/**
 * Reads the structure of one format in time linear in the bytes, whatever they hold. `bytes` begin with the format's
 * signature; null when what follows cannot be that format. The work of a reader either is bounded, or is
 * done in steps between which it yields.
 */
export type StructureReader = (bytes: Buffer, pace: Pace) => Structure | null | Promise<Structure | null>;

/** Takes step after step until one of them returns a structure, and yields in between. */
export async function inSteps<T>(pace: Pace, step: () => T | undefined): Promise<T> {
  for (;;) {
    const result = step();
    if (result !== undefined) return result;
    if (pace.isDue()) await pace.rest();
  }
}

/** Right signature, and then too little to say anything. */
export const CUT_SHORT: Structure = { width: null, height: null, hasPicture: false, isWhole: false };

/** Formats forbid a side of zero, files have it all the same: it says as little as no size. */
export function positive(side: number): number | null {
  return side > 0 ? side : null;
}
