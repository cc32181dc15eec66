/**
 * The tokenizer builds the value of a URL character by character: fine for addresses, half a second and hundreds of
 * megabytes for an inline image of ten. So long ones are taken out before, and put back after.
 */
const LONG_DATA_URL = /data:[A-Za-z0-9+/=;,.%_-]{4096,}/gi;
/** Private use characters, which mean nothing in CSS and so change no token's end. */
const MARK = '\uE000';
const MARKED = /\uE000(\d{1,9})\uE000/;

export interface ShortenedCss {
  readonly text: string;
  /** Gives a URL back as it was written. */
  readonly restore: (url: string) => string;
}

export function shortenDataUrls(css: string): ShortenedCss {
  const taken: string[] = [];
  const text = css.includes('data:')
    ? css.replace(LONG_DATA_URL, (url) => `${MARK}${taken.push(url) - 1}${MARK}`)
    : css;
  if (taken.length === 0) return { text: css, restore: (url) => url };
  return { text, restore: (url) => url.replace(MARKED, (mark, index) => taken[Number(index)] ?? mark) };
}
