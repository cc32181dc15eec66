import { positive, type Structure } from '../structure.ts';

const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/**
 * JPEG (ITU-T T.81, annex B). Segments are stepped over by their length, so the end mark of a thumbnail inside EXIF
 * is never taken for the picture's own. What follows EOI (a motion photo's film, an archive) is left alone.
 */
export function readJpeg(bytes: Buffer): Structure {
  let width: number | null = null;
  let height: number | null = null;
  let hasFrame = false;
  let hasPicture = false;
  let offset = 2;
  for (;;) {
    // A plain loop: indexOf for each of millions of stuffed bytes took seconds.
    while (offset < bytes.length && bytes[offset] !== 0xff) offset += 1;
    while (bytes[offset] === 0xff) offset += 1;
    const marker = bytes[offset];
    offset += 1;
    if (marker === undefined) return { width, height, hasPicture, isWhole: false };
    if (marker === END_OF_IMAGE) return { width, height, hasPicture, isWhole: hasPicture };
    if (isBare(marker) || offset + 2 > bytes.length) continue;

    const length = bytes.readUInt16BE(offset);
    if (length < 2) continue;
    if (!hasFrame && isStartOfFrame(marker) && offset + 7 <= bytes.length) {
      hasFrame = true;
      // A height of zero is legal: a DNL segment behind the first scan brings it.
      height = positive(bytes.readUInt16BE(offset + 3));
      width = positive(bytes.readUInt16BE(offset + 5));
    }
    offset += length;
    if (marker === START_OF_SCAN && hasFrame && offset < bytes.length) hasPicture = true;
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
