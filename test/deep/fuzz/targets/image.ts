/** Image headers: any bytes come to a type and sides that can be relied upon, or to a code. */

import { createYielder } from '../../../../lib/concurrency/yielder.ts';
import { imageFormatOf } from '../../../../lib/image/imageFormats.ts';
import { imageTypeOf, inspectImage } from '../../../../lib/image/inspectImage.ts';
import { demand, demandAlike, type Target } from '../target.ts';
import { sampleImages } from './samples.ts';

const MAX_PIXELS = 1_000_000;
const CODES = ['IMAGE_EMPTY', 'NOT_AN_IMAGE', 'IMAGE_TOO_MANY_PIXELS', 'IMAGE_TRUNCATED'];

const SVG =
  '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><!-- c --><svg xmlns="http://www.w3.org/2000/svg" width="9" height=\'4\' viewBox="0 0 3 4"><rect/></svg>';

/** Signatures, chunks, boxes, and what is said in them. */
const WORDS = [
  '\x89PNG\r\n\x1a\n',
  'IHDR',
  'IDAT',
  'acTL',
  'IEND',
  'GIF89a',
  'GIF87a',
  'RIFF',
  'WEBP',
  'VP8 ',
  'VP8L',
  'VP8X',
  'ANIM',
  'ftyp',
  'avif',
  'avis',
  'mif1',
  'heic',
  'meta',
  'iprp',
  'ipco',
  'ispe',
  'ipma',
  'pitm',
  'moov',
  'jP  ',
  'jp2h',
  'ihdr',
  'jp2c',
  'JXL ',
  'jxlc',
  'jxlp',
  'BM',
  'II*\0',
  'MM\0*',
  '<svg',
  '</svg>',
  '<!--',
  '-->',
  '<!DOCTYPE',
  '<![CDATA[',
  '<?xml',
  '&#',
  'width="',
  'viewBox="',
  '\0\0\0\x01',
  '\0\0\0\0',
  '\xff\xd8\xff',
  '\xff\xc0',
  '\xff\xda',
  '\xff\xd9',
  '\xff\x0a',
];

export const target: Target = {
  name: 'image',
  seeds: () => [Buffer.from(SVG), ...sampleImages()],
  words: WORDS.map((word) => Buffer.from(word, 'latin1')),
  msPerKib: 5,
  async check(input) {
    const maxPixels = MAX_PIXELS;
    const strict = await inspectImage(input, { maxPixels, isDelimited: false });
    const delimited = await inspectImage(input, { maxPixels, isDelimited: true });
    if (strict.ok) demandAlike('what is whole by itself is not when it is delimited', strict, delimited);
    for (const seen of [strict, delimited]) {
      if (!seen.ok) {
        demand(CODES.includes(seen.code), 'a code is not in the list', seen);
        continue;
      }
      const { width, height, contentType, extension } = seen.facts;
      for (const side of [width, height]) {
        const isSide =
          side === null ||
          (contentType === 'image/svg+xml' ? side > 0 : Number.isSafeInteger(side) && side > 0);
        demand(isSide, 'a side is neither unknown nor a size', seen);
      }
      if (contentType !== 'image/svg+xml') {
        demand((width ?? 0) * (height ?? 0) <= maxPixels, 'there are more pixels than are allowed', seen);
      }
      demand((await imageTypeOf(input)) === contentType, 'its type is judged in two ways', seen);
      demand(
        (await imageFormatOf(input, createYielder()))?.extension === extension,
        'its extension is judged in two ways',
        seen,
      );
    }
  },
};
