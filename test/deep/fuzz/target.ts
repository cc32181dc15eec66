import type { Random } from '../../support/random.ts';

/** One room of the service under attack: where inputs begin, how they change, and what must hold for every one. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with. */
  readonly seeds: () => readonly Buffer[];
  /** Pieces that mean something to the reader under attack: put in whole. */
  readonly words: readonly (string | Buffer)[];
  /** A change that keeps the shape which blind changes would break. */
  readonly reshape?: (input: Buffer, random: Random) => Buffer;
  /** Milliseconds of processor time that a KiB of input may take, above `BASE_MS`: linear time, stated. */
  readonly msPerKib: number;
  /** Throws when something that must hold does not. What it throws is the finding. */
  readonly check: (input: Buffer) => void | Promise<void>;
}

/** What any input may take, whatever its length: a collection of garbage falls into it. */
export const BASE_MS = 150;

/** Longer inputs are cut. */
export const INPUT_MAX_BYTES = 64 * 1024;

/** Longer inputs are slow to build upon: they are tried, and their pieces are built upon. */
export const KEPT_MAX_BYTES = 4 * 1024;

/** What a long input begins with, cut where it may be kept; a short one whole. */
export function piecesOf(input: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(Math.min(input.length, INPUT_MAX_BYTES) / KEPT_MAX_BYTES));
  return Array.from({ length: count }, (_, at) =>
    input.subarray(at * KEPT_MAX_BYTES, (at + 1) * KEPT_MAX_BYTES),
  );
}

/** Something that must hold for every input does not. */
export function demand(holds: boolean, claim: string, seen?: unknown): asserts holds {
  if (!holds) throw new Error(claim, { cause: seen });
}

/** Both come out the same, down to the order of members. */
export function demandAlike(claim: string, first: unknown, second: unknown): void {
  const [a, b] = [JSON.stringify(first), JSON.stringify(second)];
  demand(a === b, claim, [first, second]);
}
