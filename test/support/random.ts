/** Random numbers from a seed, which gives the same ones again (mulberry32 by Tommy Ettinger, public domain). */
export interface Random {
  /** A number from 0 to 1, exclusive. */
  next(): number;
  /** A whole number from 0 to `end`, exclusive; 0 for an `end` under 1. */
  below(end: number): number;
  /** True with this probability. */
  chance(share: number): boolean;
  oneIn(times: number): boolean;
  /** A member of the list. @throws Error for an empty list */
  of<T>(list: readonly T[]): T;
  /** A member of the list; undefined for an empty list. */
  anyOf<T>(list: readonly T[]): T | undefined;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => (end < 1 ? 0 : Math.floor(next() * end));
  return {
    next,
    below,
    chance: (share) => next() < share,
    oneIn: (times) => below(times) === 0,
    of: (list) => {
      if (list.length === 0) throw new Error('There is nothing to choose from.');
      return list[below(list.length)] as (typeof list)[number];
    },
    anyOf: (list) => list[below(list.length)],
  };
}
