/** The shortest input found, within so many tries, that `shows` the same thing as `input`. */
export async function shrink(
  input: Buffer,
  shows: (input: Buffer) => Promise<boolean>,
  triesMax = 400,
): Promise<Buffer> {
  let shortest = input;
  let tries = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < shortest.length && tries < triesMax; ) {
      tries += 1;
      const shorter = Buffer.concat([shortest.subarray(0, from), shortest.subarray(from + size)]);
      if (await shows(shorter)) shortest = shorter;
      else from += size;
    }
  }
  return shortest;
}
