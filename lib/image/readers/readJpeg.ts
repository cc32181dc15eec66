import type { Pace } from '../../pace.ts';
import { inSteps, positive, type Structure } from '../structure.ts';

const MARK = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const NUMBER_OF_LINES = 0xdc;

/** A step of so many takes a millisecond or two. */
const MARKERS_PER_STEP = 65_536;
/** A call of `indexOf` costs as much as a loop over so many bytes. */
const NEAR_BYTES = 32;

/**
 * JPEG (ITU-T T.81, annex B). Segments are stepped over by their length, so the end mark of a thumbnail inside EXIF
 * is never taken for the picture's own. What follows EOI (a motion photo's film, an archive) is left alone.
 */
export function readJpeg(bytes: Buffer, pace: Pace): Promise<Structure> {
  return inSteps(pace, createWalk(bytes));
}

function createWalk(bytes: Buffer): () => Structure | undefined {
  let width: number | null = null;
  let lines = 0;
  let hasFrame = false;
  let hasScan = false;
  const structure = (isAtEnd: boolean): Structure => {
    // Without the DNL segment that it calls for, a picture without height is not all there.
    const hasPicture = hasScan && lines > 0;
    return { width, height: positive(lines), hasPicture, isWhole: isAtEnd && hasPicture };
  };
  let offset = 2;
  return () => {
    for (let count = 0; count < MARKERS_PER_STEP; count += 1) {
      offset = markFrom(bytes, offset) + 1;
      const marker = bytes[offset];
      if (marker === undefined) return structure(false);
      // A fill byte: the marker's code comes later.
      if (marker === MARK) continue;
      offset += 1;
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
    return undefined;
  };
}

/** Offset of the next 0xFF; the length of the bytes when there is none. */
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

/** SOF0 to SOF15; DHT, JPG and DAC lie in the same range. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
