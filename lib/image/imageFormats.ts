import { brandsOf } from './readers/boxes.ts';
import { isBmp, readBmp } from './readers/readBmp.ts';
import { readGif } from './readers/readGif.ts';
import { readHeif } from './readers/readHeif.ts';
import { readIco } from './readers/readIco.ts';
import { readJpeg } from './readers/readJpeg.ts';
import { readJpeg2000Codestream, readJpeg2000Container } from './readers/readJpeg2000.ts';
import { readJxlCodestream, readJxlContainer } from './readers/readJxl.ts';
import { isAnimatedPng, readPng } from './readers/readPng.ts';
import { isSvg, readSvg } from './readers/readSvg.ts';
import { readJpegXr, readTiff } from './readers/readTiff.ts';
import { readWebp } from './readers/readWebp.ts';
import type { StructureReader } from './structure.ts';

export interface ImageFormat {
  readonly contentType: string;
  /** Without dot. */
  readonly extension: string;
  /** Whether the first bytes are this format's. */
  readonly matches: (bytes: Buffer) => boolean;
  readonly read: StructureReader;
  /** It has no pixels of its own, so no pixel limit holds for it. */
  readonly isVector?: true;
}

/** Bytes in hex, `..` for any byte. */
function magic(...patterns: readonly string[]): (bytes: Buffer) => boolean {
  const expected = patterns.map((pattern) => pattern.split(' ').map((hex) => Number.parseInt(hex, 16)));
  return (bytes) =>
    expected.some((values) => values.every((value, at) => Number.isNaN(value) || bytes[at] === value));
}

function branded(...brands: readonly string[]): (bytes: Buffer) => boolean {
  return (bytes) => {
    const given = brandsOf(bytes);
    return brands.some((brand) => given.has(brand));
  };
}

const isPng = magic('89 50 4e 47 0d 0a 1a 0a');

/**
 * Every format that a browser shows, or has shown, in an `img`: the first row that matches counts. Types are those of
 * the WHATWG MIME Sniffing standard, for the others IANA's. What only an editor opens (PSD, XCF, camera raw data) is
 * no image of a web page, and neither is gzipped SVG: no browser shows it without `Content-Encoding: gzip`, and with
 * that header it arrives here unpacked.
 */
export const IMAGE_FORMATS: readonly ImageFormat[] = [
  { contentType: 'image/jpeg', extension: 'jpg', matches: magic('ff d8 ff'), read: readJpeg },
  {
    contentType: 'image/apng',
    extension: 'apng',
    matches: (bytes) => isPng(bytes) && isAnimatedPng(bytes),
    read: readPng,
  },
  { contentType: 'image/png', extension: 'png', matches: isPng, read: readPng },
  {
    contentType: 'image/gif',
    extension: 'gif',
    matches: magic('47 49 46 38 37 61', '47 49 46 38 39 61'),
    read: readGif,
  },
  {
    contentType: 'image/webp',
    extension: 'webp',
    matches: magic('52 49 46 46 .. .. .. .. 57 45 42 50'),
    read: readWebp,
  },
  // A generic major brand (mif1) may hide either of the first two: they are looked for among all brands.
  { contentType: 'image/avif', extension: 'avif', matches: branded('avif', 'avis'), read: readHeif },
  {
    contentType: 'image/heic',
    extension: 'heic',
    matches: branded('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'),
    read: readHeif,
  },
  {
    contentType: 'image/heif',
    extension: 'heif',
    matches: branded('mif1', 'mif2', 'msf1', 'miaf'),
    read: readHeif,
  },
  {
    contentType: 'image/jxl',
    extension: 'jxl',
    matches: magic('00 00 00 0c 4a 58 4c 20 0d 0a 87 0a'),
    read: readJxlContainer,
  },
  { contentType: 'image/jxl', extension: 'jxl', matches: magic('ff 0a'), read: readJxlCodestream },
  {
    contentType: 'image/jp2',
    extension: 'jp2',
    matches: magic('00 00 00 0c 6a 50 20 20 0d 0a 87 0a'),
    read: readJpeg2000Container,
  },
  {
    contentType: 'image/j2c',
    extension: 'j2c',
    matches: magic('ff 4f ff 51'),
    read: readJpeg2000Codestream,
  },
  {
    contentType: 'image/tiff',
    extension: 'tiff',
    matches: magic('49 49 2a 00', '4d 4d 00 2a', '49 49 2b 00', '4d 4d 00 2b'),
    read: readTiff,
  },
  { contentType: 'image/jxr', extension: 'jxr', matches: magic('49 49 bc 01'), read: readJpegXr },
  { contentType: 'image/x-icon', extension: 'ico', matches: magic('00 00 01 00'), read: readIco },
  { contentType: 'image/x-icon', extension: 'cur', matches: magic('00 00 02 00'), read: readIco },
  { contentType: 'image/bmp', extension: 'bmp', matches: isBmp, read: readBmp },
  { contentType: 'image/svg+xml', extension: 'svg', matches: isSvg, read: readSvg, isVector: true },
];
