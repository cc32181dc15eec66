/**
 * The tokenizer builds the value of a URL character by character: fine for addresses, half a second and hundreds of
 * megabytes for an inline image of ten. So long ones are taken out before, and put back after.
 */
export interface ShortenedCss {
  readonly text: string;
  /** Gives a URL back as it was written. */
  readonly restore: (url: string) => string;
}

const SCHEME = 'data:';
const LONG_CHARS = 4_096;
/** Private use characters, which mean nothing in CSS and so change no token's end. */
const MARK = '\uE000';
const MARKED = /\uE000(\d{1,9})\uE000/;

export function shortenDataUrls(css: string): ShortenedCss {
  const taken: string[] = [];
  const kept: string[] = [];
  let keptUntil = 0;
  for (let start = css.indexOf(SCHEME); start !== -1; ) {
    const end = endOfPlainCharacters(css, start + SCHEME.length);
    if (end - start >= LONG_CHARS) {
      kept.push(css.slice(keptUntil, start), `${MARK}${taken.length}${MARK}`);
      taken.push(css.slice(start, end));
      keptUntil = end;
    }
    start = css.indexOf(SCHEME, end);
  }
  if (taken.length === 0) return { text: css, restore: (url) => url };
  const text = kept.join('') + css.slice(keptUntil);
  return { text, restore: (url) => url.replace(MARKED, (mark, index) => taken[Number(index)] ?? mark) };
}

/** Past the characters of base64 and percent-encoding, none of which ends a URL or a string. */
function endOfPlainCharacters(css: string, from: number): number {
  let end = from;
  while (end < css.length && isPlain(css.charCodeAt(end))) end += 1;
  return end;
}

function isPlain(code: number): boolean {
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  // `%`, `+` to `9` (with comma, minus, point and slash), `;`, `=`, `_`.
  return isLetter || (code >= 0x2b && code <= 0x39) || [0x25, 0x3b, 0x3d, 0x5f].includes(code);
}
