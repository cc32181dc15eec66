import { isAsciiWhitespace } from '../asciiWhitespace.ts';
import { type SrcsetCandidate, srcsetCandidates } from './srcset.ts';

/** A part may have two brackets at its end: a media query and a type. */
const BRACKETS_MAX = 2;

/**
 * The candidates of lazysizes' `data-bgset`: several `srcset`s, separated by `|`. A bar separates only next to
 * whitespace, since a URL may have one. Each part may end with a media query and a type in brackets. A `null` follows
 * every bar, so that callers can yield even when no part has a candidate. Linear in the length of `text`.
 */
export function* bgsetCandidates(text: string): Generator<SrcsetCandidate | null, void, undefined> {
  let start = 0;
  for (let bar = text.indexOf('|'); bar !== -1; bar = text.indexOf('|', bar + 1)) {
    if (isBlankAt(text, bar - 1) || isBlankAt(text, bar + 1)) {
      yield* srcsetCandidates(withoutBrackets(text.slice(start, bar)));
      start = bar + 1;
    }
    yield null;
  }
  yield* srcsetCandidates(withoutBrackets(text.slice(start)));
}

function isBlankAt(text: string, index: number): boolean {
  return isAsciiWhitespace(text.charCodeAt(index));
}

/** A part without the brackets at its end. */
function withoutBrackets(part: string): string {
  let end = endOfText(part, part.length);
  for (let brackets = 0; brackets < BRACKETS_MAX && part[end - 1] === ']'; brackets += 1) {
    const open = part.lastIndexOf('[', end - 1);
    if (open < 1 || !isBlankAt(part, open - 1)) break;
    end = endOfText(part, open);
  }
  return part.slice(0, end);
}

function endOfText(part: string, from: number): number {
  let end = from;
  while (isBlankAt(part, end - 1)) end -= 1;
  return end;
}
