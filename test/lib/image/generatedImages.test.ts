/** Whatever parts a valid file is made of: it is whole, its size is right, and no cut of it passes for a whole one. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { GENERATED } from './generatedImages.ts';

/** Bytes of a file that is cut everywhere. */
const EVERY_CUT = 200;

async function verdict(bytes: Buffer, isDelimited: boolean): Promise<string> {
  const result = await inspectImage(bytes, { maxPixels: 1e9, isDelimited });
  return result.ok ? `${result.facts.width}x${result.facts.height}` : result.code;
}

describe.each(Object.entries(GENERATED))('any %s', (_name, image) => {
  it('is as large as it says and whole, which no cut of it is', async () => {
    const cutAt = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      minLength: 8,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(image, cutAt, async ({ bytes, width, height }, shares) => {
        const size = `${width}x${height}`;
        expect([await verdict(bytes, true), await verdict(bytes, false)]).toEqual([size, size]);
        const lengths =
          bytes.length <= EVERY_CUT
            ? bytes.keys()
            : [bytes.length - 1, ...shares.map((share) => Math.floor(share * bytes.length))];
        for (const length of lengths) {
          expect(await verdict(bytes.subarray(0, length), false)).toMatch(
            /^(?:IMAGE_TRUNCATED|NOT_AN_IMAGE|IMAGE_EMPTY)$/,
          );
        }
      }),
      { numRuns: 150 },
    );
  });
});
