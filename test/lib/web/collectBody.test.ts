import { describe, expect, it } from '@jest/globals';
import { createBlocks } from '../../../lib/web/collectBody.ts';

const KB = 1_024;

/** The bytes that are kept, and how many bytes of memory that takes. */
function keep(pieces: readonly number[], announced: number): { bytes: Buffer; memory: number } {
  const blocks = createBlocks(() => announced);
  for (const [index, length] of pieces.entries()) blocks.add(Buffer.alloc(length, index + 1));
  const bytes = blocks.whole();
  return { bytes, memory: bytes.buffer.byteLength };
}

describe('a body that is kept', () => {
  it.each([
    ['a short one, in as much memory as was announced', [3 * KB, 2 * KB], 5 * KB, 5 * KB],
    ['one of a block', [64 * KB], 64 * KB, 64 * KB],
    ['a long one, in one piece', [64 * KB, 64 * KB, 72 * KB], 200 * KB, 200 * KB],
    ['one that was not announced, in a block', [40 * KB], 0, 64 * KB],
    ['one that is longer than was announced', [3 * KB, 64 * KB, 70 * KB], 5 * KB, 137 * KB],
  ])('is the same bytes: %s', (_, pieces, announced, most) => {
    const { bytes, memory } = keep(pieces, announced);
    expect(bytes.equals(Buffer.concat(pieces.map((length, index) => Buffer.alloc(length, index + 1))))).toBe(
      true,
    );
    expect(memory).toBeLessThanOrEqual(most);
  });
});
