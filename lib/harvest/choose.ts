/** Which of the discovered candidates are worth fetching; the others get their reason here. */

import type { Yielder } from '../concurrency/yielder.ts';
import {
  type Candidate,
  PLACEHOLDER_BYTES,
  type Reason,
  URL_MAX_CHARS,
  type Variants,
} from '../domain/model.ts';

export interface Choice {
  readonly candidate: Candidate;
  /** Why it is not fetched; absent for a wanted one. */
  readonly reason?: Reason;
}

/** All URLs of one record together, so that an answer stays under 5 MiB. */
const URLS_MAX_CHARS = 1024 * 1024;
/** What a record may hold, as a multiple of the images of one call: so much room is there for what must stay. */
const ROOM_SHARE = 1.25;
const STEPS_BETWEEN_LOOKS = 128;

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

/**
 * Decides in page order, so that a limit always cuts the same images. What is new gives way to what must stay. Others
 * run between its slices: a page may have a million candidates.
 */
export async function choose(
  candidates: readonly Candidate[],
  options: ChoiceOptions,
  yielder: Yielder,
): Promise<readonly Choice[]> {
  const reasonFor = createJudge(options);
  const choices: Choice[] = [];
  for (const candidate of candidates) {
    if (choices.length % STEPS_BETWEEN_LOOKS === 0 && yielder.isDue()) await yielder.yield();
    const reason = reasonFor(candidate);
    choices.push(reason === null ? { candidate } : { candidate, reason });
  }
  return choices;
}

/** Why the next candidate is not fetched; null for a wanted one, which then takes its room. */
function createJudge({ variants, imagesMaxCount, standing }: ChoiceOptions) {
  const tooMany = limitReached(`The page has more than ${imagesMaxCount} images.`);
  let count = 0;
  let room = roomOf(imagesMaxCount) - standing.size;
  let chars = URLS_MAX_CHARS - [...standing.keys()].reduce((sum, url) => sum + url.length, 0);
  return (candidate: Candidate): Reason | null => {
    const { url } = candidate;
    const reason = reasonAgainst(candidate, variants);
    if (reason !== null) return reason;
    if (count >= imagesMaxCount) return tooMany;
    const isNew = !standing.has(url);
    if (isNew && room <= 0) return NO_ROOM;
    if (isNew && url.length > chars) return TOO_LONG;
    count += 1;
    if (isNew) {
      room -= 1;
      chars -= url.length;
    }
    return null;
  };
}

function reasonAgainst(candidate: Candidate, variants: Variants): Reason | null {
  const { url, data } = candidate;
  if (url.length > URL_MAX_CHARS) {
    return { code: 'IMAGE_UNREACHABLE', detail: `The address is longer than ${URL_MAX_CHARS} characters.` };
  }
  if (hasCredentials(url)) {
    return { code: 'ADDRESS_FORBIDDEN', detail: 'The address contains credentials, which are never sent.' };
  }
  if (data !== undefined && candidate.hasAlternative && data.length < PLACEHOLDER_BYTES) {
    return { code: 'PLACEHOLDER', detail: 'A tiny inline image in place of another one.' };
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

const TOO_LONG = limitReached('The addresses of this page’s images are too long to list.');

const NO_ROOM = limitReached(
  'The record has no room: copies that sources not read whole may name have to stay.',
);
