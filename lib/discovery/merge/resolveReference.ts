import type { Reference } from '../references.ts';
import { dataUrlName, decodeDataUrl, isDataUrl } from './dataUrl.ts';

/** What a reference comes to. */
export interface Resolved {
  /** As in `Candidate`. */
  readonly url: string;
  /** Of a `data:` image. */
  readonly data?: Buffer;
}

/** Resolves references against one base. */
export type ResolveReference = (reference: Pick<Reference, 'text' | 'needsImageType'>) => Resolved | null;

/**
 * An address that the URL parser only puts behind its base: no scheme, no host, no segment of dots, nothing that it
 * would strip or encode.
 */
const PLAIN_ADDRESS =
  /^\/?(?:[\w~!$&()*+,;=@-][\w~!$&()*+,;=@.-]*\/)*[\w~!$&()*+,;=@-][\w~!$&()*+,;=@.-]*(?:\?[\w~!$&()*+,;=@./:?-]*)?$/;
const PLAIN_MAX_CHARS = 256;
/** No server takes a tenth of it. The parser cannot yield, and takes 15 ms for so many characters at worst. */
const ADDRESS_MAX_CHARS = 256 * 1024;

/**
 * @param base absolute URL of the page or stylesheet
 * @param own URLs that name no image: the page's
 * @returns what gives null for what is not discovered: not http(s) or `data:`, unparsable, or the page or stylesheet
 * itself
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

/** Most addresses are plain, and a page may have a million: the URL parser is asked for the others only. */
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

/** In a serialised http(s) URL the first `#` begins the fragment. */
export function withoutFragment(href: string): string {
  const hash = href.indexOf('#');
  return hash === -1 ? href : href.slice(0, hash);
}
