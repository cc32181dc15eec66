/** Numbers that look random and come again with the same seed. */
export interface Random {
  /** From 0 up to `below`, exclusive; 0 for `below` under 1. */
  integer(below: number): number;
  /** True once in `times`. */
  oneIn(times: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** undefined for an empty list. */
  pickAny<T>(list: readonly T[]): T | undefined;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for choosing mutations. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number) => (below < 1 ? 0 : Math.floor(next() * below));
  return {
    integer,
    oneIn: (times) => integer(times) === 0,
    pick: (list) => list[integer(list.length)] ?? list[0],
    pickAny: (list) => list[integer(list.length)],
  };
}
