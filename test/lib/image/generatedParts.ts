/** What generated files of every container are made of. */
import fc from 'fast-check';
import { hex } from './samples.ts';

export interface GeneratedImage {
  readonly bytes: Buffer;
  /** As shown. */
  readonly width: number;
  readonly height: number;
}

export const side = fc.integer({ min: 1, max: 60 });
export const data = (minLength = 0, maxLength = 40) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
export const turn = fc.integer({ min: 1, max: 8 });
export const uint = (value: number, length: number, isLittle = false): Buffer => {
  const bytes = Buffer.alloc(length);
  if (length > 6) bytes.writeBigUInt64BE(BigInt(value));
  else if (length > 0) bytes.writeUIntBE(value, 0, length);
  return isLittle ? bytes.reverse() : bytes;
};
export const shown = (bytes: Buffer, width: number, height: number, orientation = 1): GeneratedImage =>
  orientation > 4 ? { bytes, width: height, height: width } : { bytes, width, height };

export const segment = (marker: string, content: Buffer): Buffer =>
  Buffer.concat([hex(`ff${marker}`), uint(content.length + 2, 2), content]);
