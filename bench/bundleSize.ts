import { readFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';

/** Bytes of a file as zip keeps it. */
export async function zipSize(path: string): Promise<number> {
  return deflateRawSync(await readFile(path)).length;
}
