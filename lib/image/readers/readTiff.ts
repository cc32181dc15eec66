import { CUT_SHORT, inSteps, positive, type ReadOptions, type Structure } from '../structure.ts';
import { type Directory, openTiff, readDirectory, type TiffFile } from './tiffDirectories.ts';

interface Tags {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  /** The first of four orientations that swap width and height. */
  readonly lying: number;
  /** Pairs of tags: the offsets of the picture's parts, and their lengths. */
  readonly parts: readonly (readonly [offsets: number, lengths: number])[];
}

/** Strips or tiles (TIFF 6.0, sections 3 and 15), or an embedded JPEG file (section 22), such as a thumbnail. */
const TIFF_TAGS: Tags = {
  width: 0x100,
  height: 0x101,
  orientation: 0x112,
  lying: 5,
  parts: [
    [0x111, 0x117],
    [0x144, 0x145],
    [0x201, 0x202],
  ],
};
/** A container like TIFF with other tags (ITU-T T.832, annex A). Its parts are the picture and the alpha plane. */
const JPEG_XR_TAGS: Tags = {
  width: 0xbc80,
  height: 0xbc81,
  orientation: 0xbc02,
  lying: 4,
  parts: [
    [0xbcc0, 0xbcc1],
    [0xbcc2, 0xbcc3],
  ],
};

const BITS_PER_SAMPLE = 0x102;
const COMPRESSION = 0x103;
const PHOTOMETRIC = 0x106;
const SAMPLES_PER_PIXEL = 0x115;
const PLANES = 0x11c;
const SUB_DIRECTORIES = 0x14a;
const DNG_VERSION = 0xc612;
/** Tags that refer to directories: sub-directories, EXIF, GPS, EXIF interoperability. */
const DIRECTORY_TAGS = [SUB_DIRECTORIES, 0x8769, 0x8825, 0xa005];
const SHARED_TAGS = [
  BITS_PER_SAMPLE,
  COMPRESSION,
  PHOTOMETRIC,
  SAMPLES_PER_PIXEL,
  PLANES,
  DNG_VERSION,
  ...DIRECTORY_TAGS,
];

const NO_COMPRESSION = 1;
/** Values of PhotometricInterpretation for raw data: CFA and LinearRaw (DNG specification). */
const SENSOR_DATA = [32_803, 34_892];

/** Strips or tiles that are checked in all directories together. */
const PARTS_MAX = 500_000;
const DIRECTORIES_MAX = 20_000;

/**
 * The structure of TIFF and BigTIFF; null for the raw data of a camera. The size is that of the first directory, which
 * is the picture that a browser shows. A file is whole when it has every directory and all parts that they name. No
 * directory is read twice.
 */
export function readTiff(bytes: Buffer, options: ReadOptions): Promise<Structure | null> {
  return readPicture(bytes, TIFF_TAGS, options);
}

/** The structure of JPEG XR (HD Photo). */
export function readJpegXr(bytes: Buffer, options: ReadOptions): Promise<Structure | null> {
  return readPicture(bytes, JPEG_XR_TAGS, options);
}

async function readPicture(bytes: Buffer, tags: Tags, options: ReadOptions): Promise<Structure | null> {
  const { yielder, isDelimited } = options;
  const file = openTiff(bytes);
  // Canon's raw format has its name after the header.
  if (bytes.toString('latin1', 8, 10) === 'CR' && file.first === 16) return null;
  const wanted = new Set([tags.width, tags.height, tags.orientation, ...tags.parts.flat(), ...SHARED_TAGS]);
  const budget = { parts: PARTS_MAX };
  const offsets = [file.first];
  const known = new Set(offsets);
  let structure: Structure | undefined;
  let isWhole = true;
  for (let index = 0; index < offsets.length; index += 1) {
    const directory = await readDirectory(file, offsets[index] ?? 0, wanted, yielder);
    if (directory === null && structure === undefined) return CUT_SHORT;
    if (directory === null) {
      isWhole = false;
      continue;
    }
    isWhole &&= directory.isWhole;
    if (isRawData(directory)) return null;
    if (structure === undefined || !isDelimited) {
      const parts = await readParts(file, directory, tags, budget, options);
      structure ??= { ...sizeOf(directory, tags), hasPicture: parts.hasPicture, isWhole: false };
      isWhole &&= parts.areThere;
    }
    for (const offset of directoriesBehind(directory)) {
      if (offset === 0 || known.has(offset)) continue;
      if (offsets.length < DIRECTORIES_MAX) offsets.push(offset);
      else isWhole = false;
      known.add(offset);
    }
    if (known.size > DIRECTORIES_MAX) break;
  }
  return structure ? { ...structure, isWhole: isWhole && structure.hasPicture } : CUT_SHORT;
}

function isRawData({ values }: Directory): boolean {
  return values.has(DNG_VERSION) || SENSOR_DATA.includes(values.get(PHOTOMETRIC)?.at(0) ?? 0);
}

function sizeOf({ values }: Directory, tags: Tags): Pick<Structure, 'width' | 'height'> {
  const width = positive(values.get(tags.width)?.at(0) ?? 0);
  const height = positive(values.get(tags.height)?.at(0) ?? 0);
  const orientation = values.get(tags.orientation)?.at(0) ?? 0;
  const isLying = orientation >= tags.lying && orientation < tags.lying + 4;
  return isLying ? { width: height, height: width } : { width, height };
}

/** Offsets of the directories to which one refers. Of each tag's list, the first `DIRECTORIES_MAX` count. */
function* directoriesBehind({ values, next }: Directory): Generator<number> {
  yield next;
  for (const tag of DIRECTORY_TAGS) {
    const offsets = values.get(tag);
    const count = Math.min(offsets?.count ?? 0, DIRECTORIES_MAX);
    for (let i = 0; i < count; i += 1) yield offsets?.at(i) ?? 0;
  }
}

interface Parts {
  readonly hasPicture: boolean;
  readonly areThere: boolean;
}

async function readParts(
  file: TiffFile,
  { values }: Directory,
  tags: Tags,
  budget: { parts: number },
  { yielder, isDelimited }: ReadOptions,
): Promise<Parts> {
  const { bytes } = file;
  let hasPicture = false;
  let areThere = true;
  for (const [offsetsTag, lengthsTag] of tags.parts) {
    const offsets = values.get(offsetsTag);
    if (!offsets) continue;
    const lengths = values.get(lengthsTag);
    const count = offsets.end <= bytes.length ? Math.min(offsets.count, budget.parts) : 0;
    budget.parts -= count;
    if (count < offsets.count) areThere = false;
    const plainLength = count === 0 || isDelimited ? 0 : lengthOfPlainPart({ values }, tags, count);
    let i = 0;
    await inSteps(yielder, () => {
      if (i >= count || (isDelimited && hasPicture)) return true;
      const start = offsets.at(i);
      const length = lengths?.at(i) || plainLength;
      i += 1;
      // An offset of 0 means that the part is absent: files of maps omit empty tiles.
      if (start === 0) return;
      if (start < bytes.length) hasPicture = true;
      if (length === 0 || start + length > bytes.length) areThere = false;
      return;
    });
  }
  return { hasPicture, areThere };
}

/**
 * Length of a part that has no length tag, if it is a single uncompressed strip, whose rows determine it; otherwise 0.
 */
function lengthOfPlainPart({ values }: Pick<Directory, 'values'>, tags: Tags, count: number): number {
  const value = (tag: number): number => values.get(tag)?.at(0) ?? 1;
  const isPlain = value(COMPRESSION) === NO_COMPRESSION && value(PLANES) === 1 && count === 1;
  if (!isPlain || tags !== TIFF_TAGS || !values.has(tags.width)) return 0;
  const bits = value(BITS_PER_SAMPLE) * value(SAMPLES_PER_PIXEL);
  return Math.ceil((value(tags.width) * bits) / 8) * value(tags.height);
}
