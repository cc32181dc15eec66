import { type Item, PLACES_LISTED } from '../domain/model.ts';
import {
  ANSWER_MAX_BYTES,
  bareBytes,
  cutLists,
  type Lists,
  mostBytes,
  SKIPPED_LISTED,
} from '../record/boundLists.ts';

/**
 * The lists of a response, cut so that it has at most 5 MiB, 2,000 skipped lines and 20 places for each image.
 * @param rest the other members of the response
 */
export function boundResponse<I extends Item>(lists: Lists<I>, rest: object): Lists<I> {
  const restBytes = Buffer.byteLength(JSON.stringify(rest));
  if (isShort(lists) && mostBytes(lists) + restBytes <= ANSWER_MAX_BYTES) return lists;
  return cutLists(lists, ANSWER_MAX_BYTES - restBytes - bareBytes(lists.items));
}

function isShort({ items, skipped }: Lists): boolean {
  return (
    skipped.length <= SKIPPED_LISTED &&
    items.every(({ foundIn }) => foundIn.length <= PLACES_LISTED) &&
    skipped.every(({ foundIn }) => foundIn.length <= PLACES_LISTED)
  );
}
