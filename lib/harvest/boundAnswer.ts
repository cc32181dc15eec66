/** Cuts a record's lists, never its counts, so that every answer made of it stays under 5 MiB. Pure. */
import { type PageRecord, PLACES_LISTED, type Place, type SkippedLine, type StoredItem } from '../model.ts';

export const SKIPPED_LISTED = 2_000;
/** Of the fullest answer, which lists each name three times and has a link to each item. */
const ANSWER_MAX_BYTES = 5 * 1024 * 1024;
/** A presigned link with a session's token. */
const LINK_BYTES = 1_800;
/** An address without a copy is for reading only: it cannot be looked up. */
const SHOWN_URL_CHARS = 2_048;

/** Items come first; of what they leave half is for their places, and the rest for the skipped lines. */
export function boundAnswer(record: PageRecord): PageRecord {
  const short = record.items.map((item) => ({ ...item, foundIn: shortPlaces(item.foundIn) }));
  const bare = short.map((item) => ({ ...item, foundIn: item.foundIn.slice(0, 1).map(barePlace) }));
  const fixed = bare.reduce(
    (sum, item) => sum + bytesInAnswers(item),
    bytesOf({ ...record, items: [], skipped: [] }),
  );
  let left = Math.max(0, ANSWER_MAX_BYTES - fixed);

  const placesEnd = left / 2;
  const items = short.map((item, index) => {
    const more = bytesOf(item.foundIn);
    if (left - more < placesEnd) return bare[index] ?? item;
    left -= more;
    return item;
  });
  const skipped: SkippedLine[] = [];
  for (const line of record.skipped.slice(0, SKIPPED_LISTED)) {
    const listed = { ...line, foundIn: shortPlaces(line.foundIn) };
    left -= bytesOf(listed) + 1;
    if (left < 0) break;
    skipped.push(listed);
  }
  return { ...record, items, skipped };
}

/** An address cut to what a person reads of it. */
export function shown(url: string): string {
  return url.length <= SHOWN_URL_CHARS ? url : `${url.slice(0, SHOWN_URL_CHARS)}…`;
}

/** A page may write any length into its names. */
function shortPlaces(places: readonly Place[]): Place[] {
  return places.slice(0, PLACES_LISTED).map(({ element, descriptor, alt, stylesheet, ...place }) => ({
    element: element.slice(0, 64),
    ...place,
    ...(descriptor !== undefined && { descriptor: descriptor.slice(0, 64) }),
    ...(alt !== undefined && { alt: alt.slice(0, 200) }),
    ...(stylesheet !== undefined && { stylesheet: shown(stylesheet) }),
  }));
}

const barePlace = ({ element, attribute, slot }: Place): Place => ({ element, attribute, slot });

function bytesInAnswers(item: StoredItem): number {
  return bytesOf(item) + 2 * bytesOf(item.name) + LINK_BYTES;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
