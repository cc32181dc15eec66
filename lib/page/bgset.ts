import { type SrcsetCandidate, srcsetCandidates } from './srcset.ts';

/** Media queries are taken out of parts up to this length; no page has longer ones, but for harm. */
const PART_MAX_CHARS = 64 * 1024;
const MEDIA_QUERY = /\[[^[\]]*\]/g;

/**
 * lazysizes' `data-bgset`: parts as in a `srcset`, bars between, each with media queries in brackets. A `null` stands
 * between two parts, since ten megabytes of bars have no candidate at which a reader could rest.
 */
export function* bgsetCandidates(text: string): Generator<SrcsetCandidate | null, void, undefined> {
  for (let start = 0; start < text.length; ) {
    const bar = text.indexOf('|', start);
    const end = bar === -1 ? text.length : bar;
    if (end > start) yield* srcsetCandidates(withoutMediaQueries(text.slice(start, end)));
    yield null;
    start = end + 1;
  }
}

function withoutMediaQueries(part: string): string {
  return part.length > PART_MAX_CHARS ? part : part.replace(MEDIA_QUERY, ',');
}
