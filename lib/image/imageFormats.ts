import type { Yielder } from '../concurrency/yielder.ts';
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
  /** Without a dot. */
  readonly extension: string;
  readonly read: StructureReader;
  /** It has no pixels, so the pixel limit does not apply. */
  readonly isVector?: true;
}

const SVG: ImageFormat = { contentType: 'image/svg+xml', extension: 'svg', read: readSvg, isVector: true };
const PNG: ImageFormat = { contentType: 'image/png', extension: 'png', read: readPng };
const APNG: ImageFormat = { contentType: 'image/apng', extension: 'apng', read: readPng };
const JPEG: ImageFormat = { contentType: 'image/jpeg', extension: 'jpg', read: readJpeg };
const GIF: ImageFormat = { contentType: 'image/gif', extension: 'gif', read: readGif };
const WEBP: ImageFormat = { contentType: 'image/webp', extension: 'webp', read: readWebp };
const AVIF: ImageFormat = { contentType: 'image/avif', extension: 'avif', read: readHeif };
const HEIC: ImageFormat = { contentType: 'image/heic', extension: 'heic', read: readHeif };
const HEIF: ImageFormat = { contentType: 'image/heif', extension: 'heif', read: readHeif };
const JXL = { contentType: 'image/jxl', extension: 'jxl' };
const TIFF: ImageFormat = { contentType: 'image/tiff', extension: 'tiff', read: readTiff };
const ICO: ImageFormat = { contentType: 'image/x-icon', extension: 'ico', read: readIco };
const BMP: ImageFormat = { contentType: 'image/bmp', extension: 'bmp', read: readBmp };
const CUR: ImageFormat = { ...ICO, extension: 'cur' };

/**
 * Every format that a browser shows, or has shown, in an `img`, by the first bytes of its files. Content types are
 * those of the WHATWG MIME Sniffing standard, or IANA's for formats that it lacks.
 *
 * Formats that only editors open (PSD, XCF, camera raw data) are not images of a web page. Neither is gzipped SVG:
 * browsers show it only with `Content-Encoding: gzip`, and then it arrives here decoded.
 */
const SIGNATURES: readonly (readonly [string, ImageFormat])[] = [
  ['\xff\xd8\xff', JPEG],
  ['\x89PNG\r\n\x1a\n', PNG],
  ['GIF87a', GIF],
  ['GIF89a', GIF],
  // JPEG XL as a bare codestream, and in boxes (ISO/IEC 18181-2).
  ['\xff\x0a', { ...JXL, read: readJxlCodestream }],
  ['\0\0\0\x0cJXL \r\n\x87\n', { ...JXL, read: readJxlContainer }],
  ['\0\0\0\x0cjP  \r\n\x87\n', { contentType: 'image/jp2', extension: 'jp2', read: readJpeg2000Container }],
  ['\xff\x4f\xff\x51', { contentType: 'image/j2c', extension: 'j2c', read: readJpeg2000Codestream }],
  ['II\x2a\0', TIFF],
  ['MM\0\x2a', TIFF],
  // BigTIFF.
  ['II\x2b\0', TIFF],
  ['MM\0\x2b', TIFF],
  ['II\xbc', { contentType: 'image/jxr', extension: 'jxr', read: readJpegXr }],
  ['\0\0\x01\0', ICO],
  ['\0\0\x02\0', CUR],
];
const SIGNATURE_LENGTH = 12;

/** Major or compatible brands of ISO base media files, by format: those of MIAF, of HEIF, and of its profiles. */
const AVIF_BRANDS = ['avif', 'avis', 'MA1A', 'MA1B', 'avio'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'MiHA', 'MiHB', 'MiHE'];
const HEIF_BRANDS = [
  'mif1',
  'mif2',
  'mif3',
  'msf1',
  'miaf',
  '1pic',
  'geo1',
  'unif',
  'jpeg',
  'jpgs',
  'avci',
  'vvic',
];

/** The format of the bytes, by their signature or, for SVG, by the root element; null for an unknown format. */
export async function imageFormatOf(bytes: Buffer, yielder: Yielder): Promise<ImageFormat | null> {
  const format = formatBySignature(bytes);
  if (!format) return (await isSvg(bytes, yielder)) ? SVG : null;
  return format === PNG && isAnimatedPng(bytes) ? APNG : format;
}

function formatBySignature(bytes: Buffer): ImageFormat | undefined {
  const head = bytes.toString('latin1', 0, SIGNATURE_LENGTH);
  const found = SIGNATURES.find(([signature]) => head.startsWith(signature))?.[1];
  if (found) return found;
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return WEBP;
  return isBmp(bytes) ? BMP : heifFormatOf(bytes);
}

/** The format of an ISO base media file; undefined for any other. All brands count, since the first may be generic. */
function heifFormatOf(bytes: Buffer): ImageFormat | undefined {
  const brands = brandsOf(bytes);
  const hasOneOf = (wanted: readonly string[]): boolean => wanted.some((brand) => brands.has(brand));
  if (hasOneOf(AVIF_BRANDS)) return AVIF;
  if (hasOneOf(HEIC_BRANDS)) return HEIC;
  return hasOneOf(HEIF_BRANDS) ? HEIF : undefined;
}
