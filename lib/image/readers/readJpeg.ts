import { positive, type Structure } from '../structure.ts';

const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const NUMBER_OF_LINES = 0xdc;

/**
 * JPEG (ITU-T T.81, annex B). Segments are stepped over by their length, so the end mark of a thumbnail inside EXIF
 * is never taken for the picture's own. What follows EOI (a motion photo's film, an archive) is left alone.
 */
export function readJpeg(bytes: Buffer): Structure {
  let width: number | null = null;
  let lines = 0;
  let hasFrame = false;
  let hasScan = false;
  let offset = 2;
  const structure = (isAtEnd: boolean): Structure => {
    // Without the DNL segment that it calls for, a picture without height is not all there.
    const hasPicture = hasScan && lines > 0;
    return { width, height: positive(lines), hasPicture, isWhole: isAtEnd && hasPicture };
  };
  for (;;) {
    // A plain loop: indexOf for each of millions of stuffed bytes took seconds.
    while (offset < bytes.length && bytes[offset] !== 0xff) offset += 1;
    while (bytes[offset] === 0xff) offset += 1;
    const marker = bytes[offset];
    offset += 1;
    if (marker === undefined) return structure(false);
    if (marker === END_OF_IMAGE) return structure(true);
    if (isBare(marker) || offset + 2 > bytes.length) continue;

    const length = bytes.readUInt16BE(offset);
    if (length < 2) continue;
    if (!hasFrame && isStartOfFrame(marker) && offset + 7 <= bytes.length) {
      hasFrame = true;
      // A height of zero is legal: a DNL segment behind the first scan brings it (B.2.5).
      lines = bytes.readUInt16BE(offset + 3);
      width = positive(bytes.readUInt16BE(offset + 5));
    }
    // It may also redefine a height that was told: the larger one counts.
    if (marker === NUMBER_OF_LINES && hasScan && offset + 4 <= bytes.length) {
      lines = Math.max(lines, bytes.readUInt16BE(offset + 2));
    }
    offset += length;
    if (marker === START_OF_SCAN && hasFrame && offset < bytes.length) hasScan = true;
  }
}

/** Markers without a segment: stuffed bytes, TEM, RST0 to RST7, SOI. */
function isBare(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= START_OF_IMAGE);
}

/** SOF0 to SOF15; DHT, JPG and DAC lie in the same range. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
