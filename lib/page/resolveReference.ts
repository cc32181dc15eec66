import { dataUrlName, decodeDataUrl, isDataUrl } from './dataUrl.ts';
import type { Reference } from './references.ts';

/** What a reference comes to. */
export interface Resolved {
  /** As in `Candidate`. */
  readonly url: string;
  /** Of a `data:` image. */
  readonly data?: Buffer;
}

/**
 * @param base absolute URL of the page or stylesheet
 * @param own URLs that name no image: the page's
 * @returns null for what is not discovered: not http(s) or `data:`, unparsable, or the page or stylesheet itself
 */
export function resolveReference(
  { text, needsImageType }: Pick<Reference, 'text' | 'needsImageType'>,
  base: string,
  own: ReadonlySet<string>,
): Resolved | null {
  if (text.startsWith('#')) return null;
  if (isDataUrl(text)) return resolveData(text, needsImageType ?? false);
  const url = URL.parse(text, base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  const address = withoutFragment(url.href);
  return own.has(address) ? null : { url: address };
}

function resolveData(text: string, needsImageType: boolean): Resolved | null {
  const data = decodeDataUrl(text);
  if (data === null || (needsImageType && !data.essence.startsWith('image/'))) return null;
  return { url: dataUrlName(data), data: data.bytes };
}

/** In a serialised http(s) URL the first `#` begins the fragment. */
export function withoutFragment(href: string): string {
  const hash = href.indexOf('#');
  return hash === -1 ? href : href.slice(0, hash);
}
