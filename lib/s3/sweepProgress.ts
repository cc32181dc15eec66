/** The note in the bucket that tells the next sweep where to begin. */
import type { SweepPosition, SweepProgress } from '../domain/ports.ts';
import type { S3Api } from './api.ts';
import { isMissing, storageProblem } from './problem.ts';

/** Beside the note of the check, so that no user of the bucket needs another right. */
export const SWEEP_KEY = 'checks/sweep.json';
/** Two keys of 1,024 bytes; JSON may spell a byte with six characters. */
const NOTE_MAX_BYTES = 16 * 1024;

export function createSweepProgress(s3: S3Api): SweepProgress {
  return {
    async read() {
      const found = await s3.get(SWEEP_KEY, NOTE_MAX_BYTES).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw storageProblem(error);
      });
      return readPosition(found?.text ?? '');
    },

    async write({ after, until, pageId }) {
      const note = JSON.stringify({ schema: 1, after, until, pageId });
      const options = { contentType: 'application/json' };
      await s3.put(SWEEP_KEY, Buffer.from(note), options).catch((error: unknown) => {
        throw storageProblem(error);
      });
    },
  };
}

/** null for a note of another version or program: a key that no store takes would end every sweep at its first call. */
function readPosition(note: string): SweepPosition | null {
  try {
    const { schema, after, until, pageId } = JSON.parse(note);
    const isOurs = schema === 1 && isKey(after) && isKey(until) && isPageId(pageId);
    return isOurs ? { after, until, pageId } : null;
  } catch {
    return null;
  }
}

function isPageId(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[0-9a-f]{32})?$/.test(value);
}

/** Whether the value may be a key of a listing of images, or is `''`, its beginning. Other programs may have written it. */
function isKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return value === '' || (/^images\/[^\p{Cc}\p{Cs}]*$/u.test(value) && Buffer.byteLength(value) <= 1_024);
}
