import { CUT_SHORT, find, inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';
import { boxesOf, findBox, hasCutBox } from './boxes.ts';

/** Signature, SIZ marker, its length and capabilities, then the two sides of the reference grid. */
const HEADER_LENGTH = 24;

const START_OF_TILE_PART = 0xff90;
const START_OF_DATA = 0xff93;
const END_OF_CODESTREAM = Buffer.from([0xff, 0xd9]);
const END_MARK = END_OF_CODESTREAM.readUInt16BE();

/** A step takes a millisecond or two. */
const MARKERS_PER_STEP = 65_536;

/** Boxes of JP2 and JPX (ITU-T T.800, annex I, and T.801, annex M). */
const BOXES = [
  'jP  ',
  'rreq',
  'jp2h',
  'jp2c',
  'jp2i',
  'xml ',
  'uinf',
  'asoc',
  'jpch',
  'jplh',
  'ftbl',
  'mdat',
];

/** The structure of a JPEG 2000 codestream (ITU-T T.800, annex A): SIZ has the size, and EOC is the end. */
export async function readJpeg2000Codestream(
  bytes: Buffer,
  { yielder, isDelimited }: ReadOptions,
): Promise<Structure> {
  if (bytes.length <= HEADER_LENGTH) return CUT_SHORT;
  // The size is that of the reference grid minus the offset of the picture in it.
  const width = positive(bytes.readUInt32BE(8) - bytes.readUInt32BE(16));
  const height = positive(bytes.readUInt32BE(12) - bytes.readUInt32BE(20));
  const isWhole = !isDelimited && (await hasEnd(bytes, { yielder, isDelimited }));
  return { width, height, hasPicture: true, isWhole };
}

/** The structure of JPEG 2000 in boxes (ITU-T T.800, annex I): `jp2h` has the size, `jp2c` the codestream. */
export async function readJpeg2000Container(bytes: Buffer, options: ReadOptions): Promise<Structure> {
  let width: number | null = null;
  let height: number | null = null;
  let hasHeader = false;
  let picture: Buffer | undefined;
  let isOpenEnded = false;
  for (const { type, start, end, isOpen } of boxesOf(bytes)) {
    // A file has one header box (I.5.3), so further ones are not searched.
    if (type === 'jp2h' && !hasHeader) {
      hasHeader = true;
      const header = findBox(bytes, 'ihdr', start, end);
      if (header && header.start + 8 <= bytes.length) {
        height = positive(bytes.readUInt32BE(header.start));
        width = positive(bytes.readUInt32BE(header.start + 4));
      }
    }
    if (type !== 'jp2c' || start >= bytes.length) continue;
    picture ??= bytes.subarray(start, end);
    isOpenEnded ||= isOpen;
  }
  const size = { width, height, hasPicture: picture !== undefined };
  if (picture === undefined || options.isDelimited || hasCutBox(bytes, BOXES))
    return { ...size, isWhole: false };
  return { ...size, isWhole: !isOpenEnded || (await hasEnd(picture, options)) };
}

/** Whether the codestream has its end mark. Marker segments and tile parts are skipped by their lengths. */
async function hasEnd(codestream: Buffer, { yielder }: ReadOptions): Promise<boolean> {
  let offset = 2;
  let isLastPart = false;
  const result = await inSteps(yielder, () => {
    for (let count = 0; count < MARKERS_PER_STEP; count += 1) {
      if (offset + 2 > codestream.length) return 'cut';
      const marker = codestream.readUInt16BE(offset);
      if (marker === END_MARK) return 'end';
      if (marker === START_OF_DATA && isLastPart) return 'data';
      const isPart = marker === START_OF_TILE_PART;
      if (offset + (isPart ? 12 : 4) > codestream.length) return 'cut';
      // A part of length zero extends to the end mark, which its data cannot contain (A.4.2).
      const partLength = isPart ? codestream.readUInt32BE(offset + 6) : 0;
      isLastPart ||= isPart && partLength === 0;
      offset += partLength >= 12 ? partLength : 2 + codestream.readUInt16BE(offset + 2);
    }
    return undefined;
  });
  return result === 'data'
    ? (await find(codestream, END_OF_CODESTREAM, offset, yielder)) !== -1
    : result === 'end';
}
