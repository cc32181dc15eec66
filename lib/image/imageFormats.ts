import { fileTypeFromBuffer } from 'file-type';
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
import type { Structure, StructureReader } from './structure.ts';

export interface ImageFormat {
  readonly contentType: string;
  /** Without dot. */
  readonly extension: string;
  readonly read: StructureReader;
  /** It has no pixels of its own, so no pixel limit holds for it. */
  readonly isVector?: true;
}

const SVG: ImageFormat = { contentType: 'image/svg+xml', extension: 'svg', read: readSvg, isVector: true };
const PNG: ImageFormat = { contentType: 'image/png', extension: 'png', read: readPng };
const APNG: ImageFormat = { contentType: 'image/apng', extension: 'apng', read: readPng };
const AVIF: ImageFormat = { contentType: 'image/avif', extension: 'avif', read: readHeif };
const HEIC: ImageFormat = { contentType: 'image/heic', extension: 'heic', read: readHeif };
const HEIF: ImageFormat = { contentType: 'image/heif', extension: 'heif', read: readHeif };
const JP2: ImageFormat = { contentType: 'image/jp2', extension: 'jp2', read: readJpeg2000Container };
const TIFF: ImageFormat = { contentType: 'image/tiff', extension: 'tiff', read: readTiff };
const ICO: ImageFormat = { contentType: 'image/x-icon', extension: 'ico', read: readIco };

/**
 * Every format that a browser shows, or has shown, in an `img`, by the name that file-type has for it. Content types
 * are those of the WHATWG MIME Sniffing standard, for the others IANA's. What only an editor opens (PSD, XCF, camera
 * raw data) is no image of a web page, and neither is gzipped SVG: no browser shows it without
 * `Content-Encoding: gzip`, and with that header it arrives here unpacked.
 */
const FORMATS: ReadonlyMap<string, ImageFormat> = new Map([
  ['image/jpeg', { contentType: 'image/jpeg', extension: 'jpg', read: readJpeg }],
  ['image/png', PNG],
  ['image/apng', APNG],
  ['image/gif', { contentType: 'image/gif', extension: 'gif', read: readGif }],
  ['image/webp', { contentType: 'image/webp', extension: 'webp', read: readWebp }],
  ['image/avif', AVIF],
  ['image/heic', HEIC],
  ['image/heic-sequence', HEIC],
  ['image/heif', HEIF],
  ['image/heif-sequence', HEIF],
  ['image/jxl', { contentType: 'image/jxl', extension: 'jxl', read: readJxl }],
  ['image/jp2', JP2],
  ['image/jpx', JP2],
  ['image/jpm', JP2],
  ['image/j2c', { contentType: 'image/j2c', extension: 'j2c', read: readJpeg2000Codestream }],
  ['image/tiff', TIFF],
  ['image/vnd.ms-photo', { contentType: 'image/jxr', extension: 'jxr', read: readJpegXr }],
  ['image/x-icon', ICO],
  ['image/bmp', { contentType: 'image/bmp', extension: 'bmp', read: readBmp }],
]);

/**
 * Formats of which file-type reads more than the signature: it names none while that is missing, in a head or in a
 * file that was cut off.
 */
const SIGNATURES: readonly (readonly [string, ImageFormat])[] = [
  ['\x89PNG\r\n\x1a\n', PNG],
  ['\0\0\0\x0cjP  \r\n\x87\n', JP2],
  ['II\x2a\0', TIFF],
  ['MM\0\x2a', TIFF],
  // BigTIFF
  ['II\x2b\0', TIFF],
  ['MM\0\x2b', TIFF],
];

/**
 * What file-type is given: all that it reads of the formats here stands within its own sample of 4,100 bytes. In more
 * it would search a ZIP archive for the ends of its files. Of a TIFF it gets everything, since the directory that tells
 * camera raw data from a picture may stand at the end.
 */
const HEAD_BYTES = 4_100;

const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];

/** The format that the bytes are in, by their signature or, for SVG, by their root element; null for no image. */
export async function imageFormatOf(bytes: Buffer): Promise<ImageFormat | null> {
  const type = await fileTypeFromBuffer(isTiff(bytes) ? bytes : bytes.subarray(0, HEAD_BYTES));
  const format = type === undefined ? formatBySignature(bytes) : FORMATS.get(type.mime);
  if (!format) return isSvg(bytes) ? SVG : null;
  if (format.read === readBmp && !isBmp(bytes)) return null;
  if (format.read === readPng && isAnimatedPng(bytes)) return APNG;
  if (format.read === readHeif) return heifFormatOf(bytes, format);
  return format === ICO && type?.ext === 'cur' ? { ...ICO, extension: 'cur' } : format;
}

function isTiff(bytes: Buffer): boolean {
  const order = bytes.toString('latin1', 0, 2);
  return order === 'II' || order === 'MM';
}

function formatBySignature(bytes: Buffer): ImageFormat | undefined {
  const head = bytes.toString('latin1', 0, 12);
  return SIGNATURES.find(([signature]) => head.startsWith(signature))?.[1];
}

/** A generic major brand (mif1), which alone file-type goes by, may hide one of two formats that browsers name. */
function heifFormatOf(bytes: Buffer, byMajorBrand: ImageFormat): ImageFormat {
  const brands = brandsOf(bytes);
  if (AVIF_BRANDS.some((brand) => brands.has(brand))) return AVIF;
  return HEIC_BRANDS.some((brand) => brands.has(brand)) ? HEIC : byMajorBrand;
}

/** Two forms: boxes, and the bare codestream, which begins with FF 0A (ISO/IEC 18181-2). */
function readJxl(bytes: Buffer): Structure | null {
  return bytes[0] === 0xff ? readJxlCodestream(bytes) : readJxlContainer(bytes);
}
