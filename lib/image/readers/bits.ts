/** The next `count` bits as an unsigned number. After the end of the bytes all bits are zero. */
export type ReadBits = (count: number) => number;

/** A reader that starts with the highest bit of each byte. The first bit is the number's highest. */
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

/** A reader that starts with the lowest bit of each byte. The first bit is the number's lowest. */
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
