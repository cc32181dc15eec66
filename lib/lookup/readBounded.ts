/** Reads one record of any size while the memory of all such reads stays bounded. */
import type { RecordStore, SizedRecord } from '../domain/ports.ts';
import { notUnderstood, RECORD_MAX_BYTES } from '../record/recordText.ts';

/** Most records have a few kilobytes. A larger one is read a second time, alone, so that memory stays bounded. */
const USUAL_RECORD_BYTES = 1024 * 1024;

/**
 * The page's record and its size; null when there is no record. Callers must drop what they do not need of it before
 * their next `await`: the store may then read the next large one.
 * @throws STORAGE_UNAVAILABLE
 */
export async function readBounded(
  records: Pick<RecordStore, 'readUpTo'>,
  pageId: string,
): Promise<SizedRecord | null> {
  const usual = await records.readUpTo(pageId, USUAL_RECORD_BYTES);
  const found = usual === 'larger' ? await records.readUpTo(pageId, RECORD_MAX_BYTES) : usual;
  if (found === 'larger') throw notUnderstood();
  return found;
}
