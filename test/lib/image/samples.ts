import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One file of `samples/`. */
export function sample(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'samples', name));
}

/** Bytes from hex digits, which whitespace may separate. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

/** Every sample with what it is. */
export const SAMPLES: readonly (readonly [
  name: string,
  contentType: string,
  extension: string,
  size: string,
])[] = [
  ['baseline.jpg', 'image/jpeg', 'jpg', '17x9'],
  ['progressive.jpg', 'image/jpeg', 'jpg', '17x9'],
  ['plain.png', 'image/png', 'png', '17x9'],
  ['animated.png', 'image/apng', 'apng', '17x9'],
  ['plain.gif', 'image/gif', 'gif', '17x9'],
  ['lossy.webp', 'image/webp', 'webp', '17x9'],
  ['lossless.webp', 'image/webp', 'webp', '17x9'],
  ['animated.webp', 'image/webp', 'webp', '17x9'],
  ['plain.avif', 'image/avif', 'avif', '17x9'],
  ['sequence.avif', 'image/avif', 'avif', '17x9'],
  ['odd.heic', 'image/heic', 'heic', '17x9'],
  ['naked.jxl', 'image/jxl', 'jxl', '17x9'],
  ['boxed.jxl', 'image/jxl', 'jxl', '17x9'],
  ['plain.jp2', 'image/jp2', 'jp2', '17x9'],
  ['naked.j2c', 'image/j2c', 'j2c', '17x9'],
  ['plain.bmp', 'image/bmp', 'bmp', '17x9'],
  ['palette.bmp', 'image/bmp', 'bmp', '17x9'],
  ['strips.tiff', 'image/tiff', 'tiff', '17x9'],
  ['lzw.tiff', 'image/tiff', 'tiff', '17x9'],
  ['big.tiff', 'image/tiff', 'tiff', '17x9'],
  ['plain.jxr', 'image/jxr', 'jxr', '17x9'],
  ['two.ico', 'image/x-icon', 'ico', '48x48'],
];

/** A PNG of these sides with one byte of picture data; no decoder would show it, which no test asks for. */
export function pngOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    hex('89504e470d0a1a0a'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', hex('00')),
    pngChunk('IEND'),
  ]);
}

export function pngChunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type), data, hex('00000000')]);
}

/** A box of an ISO base media file. */
export function boxOf(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(8 + body.length);
  return Buffer.concat([size, Buffer.from(type), body]);
}
