import { CUT_SHORT, positive, type Structure } from '../structure.ts';
import { boxesOf, findBox } from './boxes.ts';

/** Signature, SIZ marker, its length and capabilities, then the two sides of the reference grid. */
const HEADER_LENGTH = 24;

/** A JPEG 2000 codestream (ITU-T T.800, annex A): SIZ says the size, EOC ends it. */
export function readJpeg2000Codestream(bytes: Buffer): Structure {
  if (bytes.length <= HEADER_LENGTH) return CUT_SHORT;
  // The picture is what the grid has behind its offset.
  const width = positive(bytes.readUInt32BE(8) - bytes.readUInt32BE(16));
  const height = positive(bytes.readUInt32BE(12) - bytes.readUInt32BE(20));
  return { width, height, hasPicture: true, isWhole: bytes.readUInt16BE(bytes.length - 2) === 0xffd9 };
}

/** JPEG 2000 in boxes (ITU-T T.800, annex I): the size in `jp2h`, the codestream in `jp2c`. */
export function readJpeg2000Container(bytes: Buffer): Structure {
  let width: number | null = null;
  let height: number | null = null;
  let hasHeader = false;
  let hasPicture = false;
  let isWhole = false;
  for (const { type, start, end, isOpen } of boxesOf(bytes)) {
    // A file has one (I.5.3); each further one would be searched for nothing.
    if (type === 'jp2h' && !hasHeader) {
      hasHeader = true;
      const header = findBox(bytes, 'ihdr', start, end);
      if (header && header.start + 8 <= bytes.length) {
        height = positive(bytes.readUInt32BE(header.start));
        width = positive(bytes.readUInt32BE(header.start + 4));
      }
    }
    if (type !== 'jp2c' || start >= bytes.length) continue;
    hasPicture = true;
    isWhole ||= isOpen ? bytes.readUInt16BE(bytes.length - 2) === 0xffd9 : end <= bytes.length;
  }
  return { width, height, hasPicture, isWhole };
}
