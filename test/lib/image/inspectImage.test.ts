import { describe, expect, it } from '@jest/globals';
import { type Inspection, imageTypeOf, inspectImage } from '../../../lib/image/inspectImage.ts';
import { hex, pngChunk, pngOf, SAMPLES, sample } from './samples.ts';

const MAX_PIXELS = 100_000_000;
const inspect = (bytes: Buffer, isDelimited = true, maxPixels = MAX_PIXELS): Promise<Inspection> =>
  inspectImage(bytes, { maxPixels, isDelimited });

/** The code of a refusal, or the content type. */
async function verdict(bytes: Buffer, isDelimited = true): Promise<string> {
  const result = await inspect(bytes, isDelimited);
  return result.ok ? result.facts.contentType : result.code;
}

describe('inspectImage', () => {
  describe('says what an image is', () => {
    it.each(SAMPLES)('%s is %s', async (name, contentType, extension, size) => {
      const [width, height] = size.split('x').map(Number);
      const facts = { contentType, extension, width, height };
      const isDelimited = name === 'naked.jxl';
      expect(await inspect(sample(name), isDelimited)).toEqual({ ok: true, facts, isOnePixel: false });
    });

    it('takes the shortest transparent GIF, a frame without data, for a whole pixel', async () => {
      const shortest = Buffer.from('R0lGODlhAQABAAD/ACwAAAAAAQABAAACADs=', 'base64');
      expect(await inspect(shortest, false)).toMatchObject({ ok: true, isOnePixel: true });
    });

    it('gives the sides as shown, after the EXIF orientation', async () => {
      expect(await inspect(sample('rotated.jpg'))).toMatchObject({ facts: { width: 9, height: 17 } });
    });

    it('goes by the bytes when a page has the name of a picture', async () => {
      expect(await verdict(Buffer.from('<!DOCTYPE html><title>x</title><svg></svg>'))).toBe('NOT_AN_IMAGE');
    });

    it('takes a polyglot for what its first bytes are', async () => {
      const tail = Buffer.from('<?php echo 1; ?>PK\x03\x04<script>alert(1)</script>');
      expect(await verdict(Buffer.concat([sample('plain.gif'), tail]), false)).toBe('image/gif');
      expect(await verdict(Buffer.concat([sample('plain.png'), tail]), false)).toBe('image/png');
    });
  });

  describe('refuses what is no image', () => {
    it.each([
      ['no bytes', '', 'IMAGE_EMPTY'],
      ['one byte', 'ff', 'NOT_AN_IMAGE'],
      ['half a signature', '89 50 4e 47', 'NOT_AN_IMAGE'],
      ['a ZIP archive', '50 4b 03 04 14 00 00 00 08 00', 'NOT_AN_IMAGE'],
      ['a PDF', '25 50 44 46 2d 31 2e 37 0a', 'NOT_AN_IMAGE'],
      [
        'an MP4 film',
        '00 00 00 18 66 74 79 70 69 73 6f 6d 00 00 02 00 69 73 6f 6d 6d 70 34 31',
        'NOT_AN_IMAGE',
      ],
      ['a gzip file, and so svgz', '1f 8b 08 00 00 00 00 00 00 03 b3 29 2e 4b b7 03 00', 'NOT_AN_IMAGE'],
      [
        'text that begins with BM',
        '42 4d 57 20 69 73 20 61 20 63 61 72 20 6d 61 6b 65 72 2e',
        'NOT_AN_IMAGE',
      ],
      ['a PNG signature before something else', '89504e470d0a1a0a 48656c6c6f20776f726c6421', 'NOT_AN_IMAGE'],
    ])('%s', async (_, bytes, code) => {
      expect(await verdict(hex(bytes))).toBe(code);
      expect(await verdict(hex(bytes), false)).toBe(code);
    });
  });

  describe('wants picture data even when the transport says that all is there', () => {
    it.each([
      ['JPEG', 'ff d8 ff'],
      ['JPEG without a scan', 'ff d8 ff c0 00 0b 08 00 10 00 10 01 01 11 00 ff d9'],
      ['PNG', '89 50 4e 47 0d 0a 1a 0a'],
      ['GIF', '47 49 46 38 39 61'],
      ['GIF without a frame', '47 49 46 38 39 61 01 00 01 00 00 00 00 3b'],
      ['WebP', '52 49 46 46 04 00 00 00 57 45 42 50'],
      ['AVIF', '00 00 00 14 66 74 79 70 61 76 69 66 00 00 00 00 61 76 69 66'],
      ['HEIC', '00 00 00 14 66 74 79 70 68 65 69 63 00 00 00 00 68 65 69 63'],
      ['boxed JPEG XL', '00 00 00 0c 4a 58 4c 20 0d 0a 87 0a'],
      ['naked JPEG XL', 'ff 0a'],
      ['boxed JPEG 2000', '00 00 00 0c 6a 50 20 20 0d 0a 87 0a'],
      ['naked JPEG 2000', 'ff 4f ff 51'],
      ['TIFF', '49 49 2a 00'],
      ['big-endian TIFF', '4d 4d 00 2a 00 00 00 08'],
      ['JPEG XR', '49 49 bc 01'],
      ['ICO', '00 00 01 00 01 00'],
      ['SVG', '3c 73 76 67'],
    ])('%s', async (_, bytes) => {
      expect(await verdict(hex(bytes))).toBe('IMAGE_TRUNCATED');
    });
  });

  describe('wants the end of the format when the transport cannot tell', () => {
    // A naked JPEG XL codestream has no end that could be seen without decoding it.
    const cuttable = SAMPLES.filter(([name]) => name !== 'naked.jxl');

    it('and so never believes a naked JPEG XL, whole or not', async () => {
      const whole = sample('naked.jxl');
      expect(await verdict(whole, false)).toBe('IMAGE_TRUNCATED');
      expect(await verdict(whole.subarray(0, -1), false)).toBe('IMAGE_TRUNCATED');
      expect(await verdict(whole, true)).toBe('image/jxl');
    });

    it.each(cuttable)('%s', async (name, contentType) => {
      const whole = sample(name);
      for (const length of [whole.length - 1, Math.ceil(whole.length * 0.75)]) {
        expect(await verdict(whole.subarray(0, length), false)).toBe('IMAGE_TRUNCATED');
      }
      expect(await verdict(whole, false)).toBe(contentType);
    });

    it.each([
      ['plain.png', 12],
      ['baseline.jpg', 2],
      ['plain.gif', 1],
      ['lossy.webp', 1],
    ])('but keeps %s without its last %i bytes when it is delimited', async (name, count) => {
      const whole = sample(name);
      expect((await inspect(whole.subarray(0, whole.length - count), true)).ok).toBe(true);
    });

    it.each(cuttable)('and lets bytes follow %s', async (name, contentType) => {
      expect(await verdict(Buffer.concat([sample(name), Buffer.from('an appendix')]), false)).toBe(
        contentType,
      );
    });
  });

  describe('counts pixels', () => {
    it.each([
      [10_000, 10_000, true],
      [10_000, 10_001, false],
      [1, 100_000_000, true],
      [1, 100_000_001, false],
      [2_147_483_647, 2_147_483_647, false],
      [4_294_967_295, 4_294_967_295, false],
    ])('%i by %i', async (width, height, isAllowed) => {
      const result = await inspect(pngOf(width, height));
      expect(result).toMatchObject(isAllowed ? { ok: true } : { ok: false, code: 'IMAGE_TOO_MANY_PIXELS' });
    });

    it('before it looks whether the picture is there', async () => {
      const header = pngOf(2_147_483_647, 2_147_483_647).subarray(0, 33);
      expect(await verdict(header, false)).toBe('IMAGE_TOO_MANY_PIXELS');
    });

    it('of the largest picture of an icon', async () => {
      const png = pngOf(20_000, 20_000);
      const icon = Buffer.concat([hex('00000100 0100 10 10 00 00 0100 2000 00000000 16000000'), png]);
      icon.writeUInt32LE(png.length, 14);
      expect(await verdict(icon)).toBe('IMAGE_TOO_MANY_PIXELS');
    });

    it('but not of a vector graphic, which has none', async () => {
      expect(await verdict(Buffer.from('<svg width="99999" height="99999"/>'))).toBe('image/svg+xml');
    });

    it.each([
      [1, 1, true],
      [1, 2, false],
      [2, 1, false],
    ])('and notices a single one: %i by %i', async (width, height, isOnePixel) => {
      expect(await inspect(pngOf(width, height))).toMatchObject({ ok: true, isOnePixel });
    });

    it('and accepts what does not say how large it is', async () => {
      const bytes = pngOf(0, 0);
      expect(await inspect(bytes)).toMatchObject({
        ok: true,
        facts: { width: null, height: null },
        isOnePixel: false,
      });
    });
  });

  it('tells a PNG with a late animation chunk from an animated one', async () => {
    const [plain, animation, end] = [pngOf(2, 2), pngChunk('acTL', hex('00000001 00000000')), 12];
    const before = Buffer.concat([plain.subarray(0, 33), animation, plain.subarray(33)]);
    const after = Buffer.concat([plain.subarray(0, -end), animation, plain.subarray(-end)]);
    expect([await verdict(before), await verdict(after)]).toEqual(['image/apng', 'image/png']);
  });
});

describe('imageTypeOf', () => {
  it.each(SAMPLES)('knows %s by its first 64 bytes', async (name, contentType) => {
    expect(await imageTypeOf(sample(name).subarray(0, 64))).toBe(contentType);
  });

  it.each([
    ['<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', true],
    ['<!DOCTYPE html><svg>', false],
    ['<html><body><svg>', false],
    ['', false],
    ['body { color: red }', false],
    ['BMW makes cars.<p>They have wheels.', false],
  ])('says of %j: %s', async (text, isImage) => {
    expect((await imageTypeOf(Buffer.from(text))) !== null).toBe(isImage);
  });
});
