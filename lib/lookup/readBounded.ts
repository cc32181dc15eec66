/** Reads one record of any size while the memory of all such reads stays bounded. */
import type { RecordStore, SizedRecord } from '../domain/ports.ts';
import { notUnderstood, RECORD_MAX_BYTES } from '../record/recordText.ts';

/** Most records have a few kilobytes. A larger one is begun in vain and then read alone, so that memory stays bounded. */
const USUAL_RECORD_BYTES = 1024 * 1024;

/**
 * Keep of the record only what is needed before the next `await`: the store then reads the next large one.
 * @returns null when there is none
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
