/** Files of many encoders: whole they are accepted, cut anywhere they are not, and their size is what a browser shows. */
import { describe, expect, it } from '@jest/globals';
import { inspectImage } from '../../../lib/image/inspectImage.ts';
import { ENCODED, type Encoded, encodedBytes } from './encoded.ts';

/** The size, or the code of a refusal. */
async function verdict(bytes: Buffer, isDelimited: boolean): Promise<string> {
  const result = await inspectImage(bytes, { maxPixels: 1_000_000, isDelimited });
  return result.ok ? `${result.facts.width}x${result.facts.height}` : result.code;
}

/** A codestream without boxes says nothing of its end: docs/how-it-works.md. */
const isNaked = (bytes: Buffer): boolean => bytes.readUInt16BE(0) === 0xff0a;

/** What a cut may take without loss: the line end behind an SVG, zeros by which Pillow fills up a TIFF's last page. */
function lengthWithoutPadding({ file }: Encoded, bytes: Buffer): number {
  const padding = file.endsWith('.svg') ? [0x0a] : file.endsWith('.tiff') ? [0] : [];
  return bytes.findLastIndex((byte) => !padding.includes(byte)) + 1;
}

describe.each(ENCODED)('$file by $encoder', (row) => {
  const bytes = encodedBytes(row);

  it(`is ${row.size} where the transport says where it ends`, async () => {
    expect(await verdict(bytes, true)).toBe(row.size);
  });

  it('is whole where the transport does not say, unless its format cannot tell', async () => {
    expect(await verdict(bytes, false)).toBe(isNaked(bytes) ? 'IMAGE_TRUNCATED' : row.size);
  });

  it('is never whole when it is cut, wherever that is', async () => {
    const whole: number[] = [];
    for (let length = 0; length < lengthWithoutPadding(row, bytes); length += 1) {
      if (/^\d/.test(await verdict(bytes.subarray(0, length), false))) whole.push(length);
    }
    expect(whole).toEqual([]);
  });
});

it('at least two encoders wrote each format', () => {
  const encoders = new Map<string, Set<string>>();
  for (const { file, encoder } of ENCODED) {
    const extension = file.split('.').at(-1) ?? '';
    encoders.set(extension, (encoders.get(extension) ?? new Set()).add(encoder));
  }
  const formats = [
    'jpg',
    'png',
    'gif',
    'webp',
    'avif',
    'heic',
    'jxl',
    'jp2',
    'j2c',
    'tiff',
    'bmp',
    'ico',
    'svg',
    'jxr',
  ];
  expect(formats.filter((format) => (encoders.get(format)?.size ?? 0) < 2)).toEqual([]);
});
