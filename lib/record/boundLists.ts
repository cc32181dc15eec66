/** Shortens the lists of a record or a response. Its counts stay whole. Pure. */
import { type Item, PLACES_LISTED, type Place, type SkippedLine } from '../domain/model.ts';

export const SKIPPED_LISTED = 2_000;
/** Limit of every response. The largest has each name three times and a link for each item. */
export const ANSWER_MAX_BYTES = 5 * 1024 * 1024;
/** Length of a presigned link that includes a session token. */
export const LINK_BYTES = 1_800;
/** An image without a copy cannot be looked up by its URL, so the URL may be cut: people only read it. */
const SHOWN_URL_CHARS = 2_048;
const ELEMENT_CHARS = 64;
const DESCRIPTOR_CHARS = 64;
const ALT_CHARS = 200;

export interface Lists<I extends Item = Item> {
  readonly items: readonly I[];
  readonly skipped: readonly SkippedLine[];
}

/**
 * The lists, with places and skipped lines cut to `room` bytes of JSON. The places of items may use half of it, and
 * each item keeps at least one place. Skipped lines get the rest.
 */
export function cutLists<I extends Item>({ items, skipped }: Lists<I>, room: number): Lists<I> {
  let left = Math.max(0, room);
  const placesEnd = left / 2;
  const cut = items.map((item) => {
    const foundIn = shortPlaces(item.foundIn);
    const more = bytesOf(foundIn);
    if (left - more < placesEnd) return bareItem(item);
    left -= more;
    return { ...item, foundIn };
  });
  const listed: SkippedLine[] = [];
  for (const line of skipped.slice(0, SKIPPED_LISTED)) {
    const short = { ...line, foundIn: shortPlaces(line.foundIn) };
    left -= bytesOf(short) + 1;
    if (left < 0) break;
    listed.push(short);
  }
  return { items: cut, skipped: listed };
}

/** Bytes that the items need in a response when each has one place only. */
export function bareBytes(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + bytesOf(bareItem(item)) + 2 * bytesOf(item.name) + LINK_BYTES, 0);
}

/** An upper bound on the bytes of the lists in a response. It takes a hundredth of the time of writing the JSON. */
export function mostBytes({ items, skipped }: Lists): number {
  let sum = 0;
  for (const { name, url, reason, foundIn } of items) {
    sum += LINK_BYTES + 600 + 9 * name.length + 2 * url.length + 6 * (reason?.detail.length ?? 0);
    sum += mostBytesOf(foundIn);
  }
  for (const { url, detail, foundIn } of skipped) {
    sum += 200 + 2 * url.length + 6 * detail.length + mostBytesOf(foundIn);
  }
  return sum;
}

/** An upper bound on the places' bytes. JSON needs at most six bytes for a UTF-16 unit, and two for one of a URL. */
function mostBytesOf(places: readonly Place[]): number {
  let sum = 0;
  for (const { element, attribute, descriptor = '', alt = '', stylesheet = '' } of places) {
    const units = element.length + attribute.length + descriptor.length + alt.length;
    sum += 150 + 6 * units + 2 * stylesheet.length;
  }
  return sum;
}

/** Whether `cutLists` may have cut the places of these items. Earlier versions cut records to a response's size. */
export function mayBeCut(items: readonly Item[]): boolean {
  const used = items.reduce((sum, { foundIn }) => sum + (isBare(foundIn) ? 0 : bytesOf(foundIn)), 0);
  return used > (ANSWER_MAX_BYTES - bareBytes(items)) / 2 - PLACES_MAX_BYTES;
}

/** The most bytes of one item's places. */
const PLACES_MAX_BYTES = PLACES_LISTED * 5_000;

/** Whether there is one place without optional members: `cutLists` leaves this, but uncut places can look so too. */
export function isBare(places: readonly Place[]): boolean {
  const [place] = places;
  return places.length === 1 && place !== undefined && Object.keys(place).length === 3;
}

/** The URL, cut to a length that a person may read. */
export function shown(url: string): string {
  return isShownWhole(url) ? url : `${url.slice(0, SHOWN_URL_CHARS)}…`;
}

/** Whether `shown` returns this URL uncut. False for every URL that it has cut. */
export function isShownWhole(url: string): boolean {
  return url.length <= SHOWN_URL_CHARS;
}

/** The places, bounded in number and length: a page may use names of any length. */
function shortPlaces(places: readonly Place[]): Place[] {
  return places.slice(0, PLACES_LISTED).map(({ element, descriptor, alt, stylesheet, ...place }) => ({
    element: element.slice(0, ELEMENT_CHARS),
    ...place,
    ...(descriptor !== undefined && { descriptor: descriptor.slice(0, DESCRIPTOR_CHARS) }),
    ...(alt !== undefined && { alt: alt.slice(0, ALT_CHARS) }),
    ...(stylesheet !== undefined && { stylesheet: shown(stylesheet) }),
  }));
}

function bareItem<I extends Item>(item: I): I {
  const places = item.foundIn.slice(0, 1);
  return {
    ...item,
    foundIn: places.map(({ element, attribute, slot }) => ({
      element: element.slice(0, ELEMENT_CHARS),
      attribute,
      slot,
    })),
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
