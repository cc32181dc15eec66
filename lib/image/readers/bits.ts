/** Reads so many bits as an unsigned number, and goes on behind them; zeros behind the end of the bytes. */
export type ReadBits = (count: number) => number;

/** From the highest bit of each byte on, the first bit being the number's highest. */
export function highBitsFirst(bytes: Buffer, start: number): ReadBits {
  let position = 8 * start;
  return (count) => {
    let value = 0;
    for (let i = 0; i < count; i += 1, position += 1) {
      value = 2 * value + (((bytes[position >> 3] ?? 0) >> (7 - (position & 7))) & 1);
    }
    return value;
  };
}

/** From the lowest bit of each byte on, the first bit being the number's lowest. */
export function lowBitsFirst(bytes: Buffer, start: number): ReadBits {
  let position = 8 * start;
  return (count) => {
    let value = 0;
    for (let i = 0; i < count; i += 1, position += 1) {
      value += (((bytes[position >> 3] ?? 0) >> (position & 7)) & 1) * 2 ** i;
    }
    return value;
  };
}
