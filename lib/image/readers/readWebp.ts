import { CUT_SHORT, positive, type Structure } from '../structure.ts';

type Size = readonly [width: number, height: number];

/** WebP (RFC 9649): RIFF chunks; the RIFF header says where the file ends. */
export function readWebp(bytes: Buffer): Structure {
  if (bytes.length < 30) return CUT_SHORT;
  const end = 8 + bytes.readUInt32LE(4);
  let size: Size | null = null;
  let hasPicture = false;
  let offset = 12;
  while (offset + 8 < bytes.length && offset < end) {
    const type = bytes.toString('latin1', offset, offset + 4);
    const data = offset + 8;
    // The first of the three that is met speaks for the whole canvas.
    if (size === null && data + 10 <= bytes.length) size = sizeOf(type, bytes.subarray(data, data + 10));
    if (type === 'VP8 ' || type === 'VP8L' || type === 'ANMF') hasPicture = true;
    const length = bytes.readUInt32LE(offset + 4);
    offset = data + length + (length % 2);
  }
  const [width, height] = size ?? [0, 0];
  return {
    width: positive(width),
    height: positive(height),
    hasPicture,
    isWhole: hasPicture && bytes.length >= end,
  };
}

/** `head`: the first ten bytes of the chunk's data. */
function sizeOf(type: string, head: Buffer): Size | null {
  if (type === 'VP8X') return [1 + head.readUIntLE(4, 3), 1 + head.readUIntLE(7, 3)];
  if (type === 'VP8 ' && head.readUIntBE(3, 3) === 0x9d012a) {
    return [head.readUInt16LE(6) & 0x3fff, head.readUInt16LE(8) & 0x3fff];
  }
  if (type === 'VP8L' && head[0] === 0x2f) {
    const bits = head.readUInt32LE(1);
    return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
  }
  return null;
}
