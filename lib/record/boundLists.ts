/** Cuts what a record or an answer lists for people to read, never what it counts. Pure. */
import { type Item, PLACES_LISTED, type Place, type SkippedLine } from '../domain/model.ts';

export const SKIPPED_LISTED = 2_000;
/** Of the fullest answer, which lists each name three times and has a link to each item. */
export const ANSWER_MAX_BYTES = 5 * 1024 * 1024;
/** A presigned link with a session's token. */
export const LINK_BYTES = 1_800;
/** An address without a copy is for reading only: it cannot be looked up. */
const SHOWN_URL_CHARS = 2_048;
const ELEMENT_CHARS = 64;
const DESCRIPTOR_CHARS = 64;
const ALT_CHARS = 200;

export interface Lists<I extends Item = Item> {
  readonly items: readonly I[];
  readonly skipped: readonly SkippedLine[];
}

/**
 * Cuts places and skipped lines to `room` bytes of JSON. Half of it is for the places of items, of which each keeps
 * one; the skipped lines get what they leave.
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

/** What items cost an answer even when their places are cut, in bytes. */
export function bareBytes(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + bytesOf(bareItem(item)) + 2 * bytesOf(item.name) + LINK_BYTES, 0);
}

/** At least the bytes that the lists cost an answer. A hundredth of what it takes to write them as JSON. */
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

/** JSON takes six bytes at most for a UTF-16 unit, and two of an address. */
function mostBytesOf(places: readonly Place[]): number {
  let sum = 0;
  for (const { element, attribute, descriptor = '', alt = '', stylesheet = '' } of places) {
    const units = element.length + attribute.length + descriptor.length + alt.length;
    sum += 150 + 6 * units + 2 * stylesheet.length;
  }
  return sum;
}

/** Whether `cutLists` may have taken places from these items, as a record was once cut to what its answer has room for. */
export function mayBeCut(items: readonly Item[]): boolean {
  const used = items.reduce((sum, { foundIn }) => sum + (isBare(foundIn) ? 0 : bytesOf(foundIn)), 0);
  return used > (ANSWER_MAX_BYTES - bareBytes(items)) / 2 - PLACES_MAX_BYTES;
}

/** The most bytes of one item's places. */
const PLACES_MAX_BYTES = PLACES_LISTED * 5_000;

/** As `cutLists` leaves places that it has no room for, and as places may be by themselves. */
export function isBare(places: readonly Place[]): boolean {
  const [place] = places;
  return places.length === 1 && place !== undefined && Object.keys(place).length === 3;
}

/** An address cut to what a person reads of it. */
export function shown(url: string): string {
  return isShownWhole(url) ? url : `${url.slice(0, SHOWN_URL_CHARS)}…`;
}

/** False for what `shown` gives when it has to cut. */
export function isShownWhole(url: string): boolean {
  return url.length <= SHOWN_URL_CHARS;
}

/** A page may write any length into its names. */
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
