import type { Reference } from '../references.ts';
import { dataUrlName, decodeDataUrl, isDataUrl } from './dataUrl.ts';

/** A reference after it was resolved. */
export interface Resolved {
  /** `Candidate.url`. */
  readonly url: string;
  /** Decoded bytes of a `data:` image. */
  readonly data?: Buffer;
}

/** The resolved reference; null when it is not an image of the page. */
export type ResolveReference = (reference: Pick<Reference, 'text' | 'needsImageType'>) => Resolved | null;

/**
 * A reference that the URL parser only appends to its base. It has no scheme, no host, no dot segment, and no character
 * that the parser would strip or encode.
 */
const PLAIN_ADDRESS =
  /^\/?(?:[\w~!$&()*+,;=@-][\w~!$&()*+,;=@.-]*\/)*[\w~!$&()*+,;=@-][\w~!$&()*+,;=@.-]*(?:\?[\w~!$&()*+,;=@./:?-]*)?$/;
const PLAIN_MAX_CHARS = 256;
/** Over ten times what servers accept. The URL parser cannot yield, and takes up to 15 ms for this length. */
const ADDRESS_MAX_CHARS = 256 * 1024;

/**
 * A function that resolves references. It returns null for a reference that is unparsable, or not http(s) or `data:`,
 * and for one to the page or stylesheet itself.
 * @param base absolute URL of the page or stylesheet
 * @param own URLs of the page and the stylesheet, which are not images
 */
export function createResolveReference(base: string, own: ReadonlySet<string>): ResolveReference {
  const plainAddressOf = createPlainAddressOf(base);
  return ({ text, needsImageType }) => {
    const plain = plainAddressOf(text);
    if (plain === null && text.startsWith('#')) return null;
    if (plain === null && isDataUrl(text)) return resolveData(text, needsImageType ?? false);
    const address = plain ?? addressOf(text, base);
    return address === null || own.has(address) ? null : { url: address };
  };
}

/**
 * A function that resolves plain references, and returns null for others. Most references are plain, and a page may
 * have a million: this is faster than the URL parser.
 */
function createPlainAddressOf(base: string): (text: string) => string | null {
  const [origin = ''] = /^https?:\/\/[^/]*/.exec(base) ?? [];
  // A query and a fragment, which the base of a page may have, can hold slashes too.
  const end = base.search(/[?#]/);
  const directory = base.slice(0, base.lastIndexOf('/', end === -1 ? undefined : end) + 1);
  if (origin === '') return () => null;
  return (text) => {
    if (text.length > PLAIN_MAX_CHARS || !PLAIN_ADDRESS.test(text)) return null;
    return (text.startsWith('/') ? origin : directory) + text;
  };
}

function addressOf(text: string, base: string): string | null {
  const url = URL.parse(text.length > ADDRESS_MAX_CHARS ? text.slice(0, ADDRESS_MAX_CHARS) : text, base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return withoutFragment(url.href);
}

function resolveData(text: string, needsImageType: boolean): Resolved | null {
  const data = decodeDataUrl(text);
  if (data === null || (needsImageType && !data.essence.startsWith('image/'))) return null;
  return { url: dataUrlName(data), data: data.bytes };
}

/** A serialised http(s) URL without its fragment, which the first `#` begins. */
export function withoutFragment(href: string): string {
  const hash = href.indexOf('#');
  return hash === -1 ? href : href.slice(0, hash);
}
