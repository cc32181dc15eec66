/** Which of the discovered candidates are worth fetching; the others get their reason here. */
import { type Candidate, type Reason, STAND_IN_BYTES, URL_MAX_CHARS, type Variants } from '../model.ts';

export interface Choice {
  readonly candidate: Candidate;
  /** Why it is not fetched; absent for a wanted one. */
  readonly reason?: Reason;
}

/** All URLs of one record together, so that an answer stays under 5 MiB. */
const URLS_MAX_CHARS = 1024 * 1024;
/** What a record may hold, as a multiple of the images of one call: so much room is there for what must stay. */
const ROOM_SHARE = 1.25;

export interface ChoiceOptions {
  readonly variants: Variants;
  readonly imagesMaxCount: number;
  /** URLs of copies that must stay, on the page or not: their room is taken. */
  readonly standing: ReadonlyMap<string, unknown>;
}

/** The most items of one record: with links, so many of the default limit still have room in an answer of 5 MiB. */
export function roomOf(imagesMaxCount: number): number {
  return Math.floor(imagesMaxCount * ROOM_SHARE);
}

/** Decides in page order, so that a limit always cuts the same images. What is new gives way to what must stay. */
export function choose(
  candidates: readonly Candidate[],
  { variants, imagesMaxCount, standing }: ChoiceOptions,
): readonly Choice[] {
  let count = 0;
  let room = roomOf(imagesMaxCount) - standing.size;
  let chars = URLS_MAX_CHARS - [...standing.keys()].reduce((sum, url) => sum + url.length, 0);
  return candidates.map((candidate) => {
    const { url } = candidate;
    const reason = reasonAgainst(candidate, variants);
    if (reason !== null) return { candidate, reason };
    if (count >= imagesMaxCount) {
      return { candidate, reason: limitReached(`The page has more than ${imagesMaxCount} images.`) };
    }
    const isNew = !standing.has(url);
    if (isNew && room <= 0) return { candidate, reason: NO_ROOM };
    if (isNew && url.length > chars) {
      return { candidate, reason: limitReached('The addresses of this page’s images are too long to list.') };
    }
    count += 1;
    if (isNew) {
      room -= 1;
      chars -= url.length;
    }
    return { candidate };
  });
}

function reasonAgainst(candidate: Candidate, variants: Variants): Reason | null {
  const { url, data } = candidate;
  if (url.length > URL_MAX_CHARS) {
    return { code: 'IMAGE_UNREACHABLE', detail: `The address is longer than ${URL_MAX_CHARS} characters.` };
  }
  if (hasCredentials(url)) {
    return { code: 'ADDRESS_FORBIDDEN', detail: 'The address carries credentials; they are never sent.' };
  }
  if (data !== undefined && candidate.hasAlternative && data.length < STAND_IN_BYTES) {
    return { code: 'PLACEHOLDER', detail: 'A tiny inline image that stands in for another one.' };
  }
  if (variants === 'best' && !candidate.isBest) {
    return { code: 'NOT_CHOSEN', detail: 'A larger candidate of the same picture was chosen.' };
  }
  return null;
}

/** In a canonical address; without the URL parser, since a page may have a million. */
function hasCredentials(url: string): boolean {
  return /^https?:\/\/[^/?#]*@/.test(url);
}

const limitReached = (detail: string): Reason => ({ code: 'LIMIT_REACHED', detail });

const NO_ROOM = limitReached(
  'There is no room beside the copies that stay, since what names them was not read whole.',
);
