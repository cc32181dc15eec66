import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A picture as an encoder wrote it (tools/samplePictures/makeEncoded.py). */
export interface Encoded {
  readonly file: string;
  /** With its version. */
  readonly encoder: string;
  /** As shown: width, `x`, height. */
  readonly size: string;
}

/** Another folder has fresh ones, made by other versions. */
const FOLDER = process.env.ENCODED ?? join(import.meta.dirname, 'samples/encoded');

export const ENCODED: readonly Encoded[] = JSON.parse(readFileSync(join(FOLDER, 'encoded.json'), 'utf8'));

export function encodedBytes({ file }: Encoded): Buffer {
  return readFileSync(join(FOLDER, file));
}
