/** Reading what the check of a bucket has written. */
import type { FoundText, S3Api } from './api.ts';
import { isMissing } from './problem.ts';

/** The note and the check's own texts have a few dozen bytes. */
const MAX_BYTES = 10_000;

/** null when there is no such object. */
export async function readIfThere(s3: S3Api, key: string): Promise<FoundText | null> {
  try {
    return await s3.get(key, MAX_BYTES);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
