/** Finds the end of JPEG files that contain further pictures or a video after the one that is shown. */

/** CIPA DC-007, section 5.2.3: the list of pictures, 16 bytes each. */
const PICTURE_LIST = 0xb002;
const PICTURE_LENGTH = 16;

/**
 * Offset after the last picture that a Multi-Picture Format index lists; 0 when it lists none.
 * @param start offset of the index's TIFF header, from which offsets count
 * @param end offset after the index's segment
 */
export function endOfPictures(bytes: Buffer, start: number, end: number): number {
  if (start + 14 > end) return 0;
  const isLittle = bytes[start] === 0x49;
  const short = (at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const directory = start + long(start + 4);
  if (directory + 2 > end) return 0;
  const behind = Math.min(directory + 2 + 12 * short(directory), end);
  let last = 0;
  for (let entry = directory + 2; entry + 12 <= behind; entry += 12) {
    if (short(entry) !== PICTURE_LIST) continue;
    const first = start + long(entry + 8);
    const listEnd = Math.min(first + long(entry + 4), end);
    // The first is the picture that is shown, whose end mark is more reliable.
    for (let at = first + PICTURE_LENGTH; at + PICTURE_LENGTH <= listEnd; at += PICTURE_LENGTH) {
      last = Math.max(last, start + long(at + 8) + long(at + 4));
    }
  }
  return last;
}

/** Lengths of the data after the picture, in Google's container format and in its first motion photos. */
const ITEM_LENGTH = /\bItem:(?:Length|Padding)(?:\s{0,9}=\s{0,9}["']|>)(\d{1,12})/g;
const FILM_LENGTH = /\bMicroVideoOffset(?:\s{0,9}=\s{0,9}["']|>)(\d{1,12})/;

/** Bytes that follow the shown picture according to its XMP metadata: a gain map, or the video of a motion photo. */
export function lengthOfAppendix(xmp: string): number {
  const items = [...xmp.matchAll(ITEM_LENGTH)].reduce((sum, [, length]) => sum + Number(length), 0);
  return Math.max(items, Number(FILM_LENGTH.exec(xmp)?.[1] ?? 0));
}
