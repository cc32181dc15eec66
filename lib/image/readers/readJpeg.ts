import { inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';
import { densityCorrected, exifOrientation, oriented } from './exif.ts';
import { endOfPictures, lengthOfAppendix } from './jpegPictures.ts';

const MARK = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const NUMBER_OF_LINES = 0xdc;
const APP1 = 0xe1;
const APP2 = 0xe2;

/** First four bytes of metadata segments: `Exif`, `MPF` with a NUL, `http`. */
const EXIF = 0x45786966;
const MPF = 0x4d504600;
const HTTP = 0x68747470;
/** `Exif`, a NUL, and a byte of padding with any value. */
const EXIF_HEADER_LENGTH = 6;
const XMP = 'http://ns.adobe.com/xap/1.0/\0';

/** A step takes a millisecond or two. */
const MARKERS_PER_STEP = 65_536;
/** A call of `indexOf` takes as long as a loop over this many bytes. */
const NEAR_BYTES = 32;

/**
 * The structure of a JPEG file (ITU-T T.81, annex B). Segments are skipped by their length, so the end mark of a
 * thumbnail inside EXIF data does not count. Scans are read only when the end has to be found.
 *
 * Metadata may refer to data after EOI: the other pictures of a Multi-Picture file, a gain map, or the video of a
 * motion photo. A whole file has these too.
 */
export function readJpeg(bytes: Buffer, { yielder, isDelimited }: ReadOptions): Promise<Structure> {
  return inSteps(yielder, createWalk(bytes, isDelimited));
}

/** Metadata from the segments before the first scan. */
interface Metadata {
  exif?: Buffer;
  endOfPictures?: number;
  appendixLength?: number;
}

function createWalk(bytes: Buffer, isDelimited: boolean): () => Structure | undefined {
  let width = 0;
  let lines = 0;
  let hasFrame = false;
  let hasScan = false;
  const metadata: Metadata = {};
  const structure = (end?: number): Structure => {
    const { exif, endOfPictures: others = 0, appendixLength = 0 } = metadata;
    // A picture with height zero needs a DNL segment, and is not whole without it.
    const hasPicture = hasScan && lines > 0;
    const stored = [width, lines] as const;
    const sides = exif ? oriented(densityCorrected(stored, exif), exifOrientation(exif)) : stored;
    const isWhole = end !== undefined && Math.max(others, end + appendixLength) <= bytes.length;
    return {
      width: positive(sides[0]),
      height: positive(sides[1]),
      pixels: width * lines,
      hasPicture,
      isWhole: isWhole && hasPicture,
    };
  };
  let offset = 2;
  return () => {
    for (let count = 0; count < MARKERS_PER_STEP; count += 1) {
      offset = markFrom(bytes, offset) + 1;
      const marker = bytes[offset];
      if (marker === undefined) return structure();
      // This is a fill byte, and the marker's code comes later.
      if (marker === MARK) continue;
      offset += 1;
      if (marker === END_OF_IMAGE) return structure(offset);
      if (isBare(marker) || offset + 2 > bytes.length) continue;

      const length = bytes.readUInt16BE(offset);
      if (length < 2) continue;
      if (!hasFrame && isStartOfFrame(marker) && offset + 7 <= bytes.length) {
        hasFrame = true;
        // A height of zero is valid: a DNL segment after the first scan then has the height (B.2.5).
        lines = bytes.readUInt16BE(offset + 3);
        width = bytes.readUInt16BE(offset + 5);
      }
      if (!hasScan && (marker === APP1 || marker === APP2)) {
        readMetadata(bytes, offset + 2, Math.min(offset + length, bytes.length), metadata);
      }
      // DNL never redefines a known height: decoders ignore it then.
      if (marker === NUMBER_OF_LINES && hasScan && lines === 0 && offset + 4 <= bytes.length) {
        lines = bytes.readUInt16BE(offset + 2);
      }
      offset += length;
      if (marker === START_OF_SCAN && hasFrame && offset < bytes.length) hasScan = true;
      if (isDelimited && hasScan && lines > 0) return structure();
    }
    return undefined;
  };
}

/** Adds the metadata of a segment. The first segment of each kind counts. */
function readMetadata(bytes: Buffer, start: number, end: number, metadata: Metadata): void {
  const key = start + 4 <= end ? bytes.readUInt32BE(start) : 0;
  if (key === EXIF && bytes[start + 4] === 0) {
    metadata.exif ??= bytes.subarray(start + EXIF_HEADER_LENGTH, end);
  } else if (key === MPF) {
    metadata.endOfPictures ??= endOfPictures(bytes, start + 4, end);
  } else if (key === HTTP && metadata.appendixLength === undefined) {
    const text = bytes.toString('latin1', start, end);
    if (text.startsWith(XMP)) metadata.appendixLength = lengthOfAppendix(text);
  }
}

/** Offset of the next 0xFF; the length of the bytes without one. */
function markFrom(bytes: Buffer, from: number): number {
  const near = from + NEAR_BYTES;
  for (let offset = from; offset < near; offset += 1) if (bytes[offset] === MARK) return offset;
  const offset = bytes.indexOf(MARK, near);
  return offset === -1 ? bytes.length : offset;
}

/** Markers without a segment: stuffed bytes, TEM, RST0 to RST7, SOI. */
function isBare(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= START_OF_IMAGE);
}

/** Whether a marker is one of SOF0 to SOF15. DHT, JPG and DAC are in the same range. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
