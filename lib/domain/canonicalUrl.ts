import { domainToUnicode } from 'node:url';
import { Problem } from './problem.ts';

/** Holds for the URL as given, before it is parsed, and again for its serialised form. */
const PAGE_URL_MAX_CHARS = 2_048;
/** RFC 1035 section 2.3.4, in ASCII. The URL parser accepts longer ones. */
const LABEL_MAX_CHARS = 63;
const NAME_MAX_CHARS = 253;

/**
 * The URL of a page as a caller gives it, parsed by the WHATWG rules and without its fragment. Two spellings of one URL
 * have the same `href`.
 *
 * @throws URL_REQUIRED when it is absent, empty or only whitespace
 * @throws URL_INVALID when it is not a string, too long or unparsable, when its scheme is not http(s), when it has
 * credentials, or when its host is not a well-formed name
 */
export function parsePageUrl(text: unknown): URL {
  if (text === undefined) throw required();
  if (typeof text !== 'string') throw invalid('It must be a string.');
  if (text.length > PAGE_URL_MAX_CHARS) {
    throw invalid(`It has ${text.length} characters; at most ${PAGE_URL_MAX_CHARS} are accepted.`);
  }
  if (isBlank(text)) throw required();
  const url = URL.parse(text);
  if (url === null) throw invalid('It must be an absolute URL, such as https://example.com/page.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid('It must start with http:// or https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('It must not contain a user name or a password.');
  }
  if (!isWellFormedHost(url.hostname)) {
    throw invalid(
      `Its host is not a well-formed name: a label has 1 to ${LABEL_MAX_CHARS} characters, a name at most ${NAME_MAX_CHARS}, and "xn--" needs valid Punycode after it.`,
    );
  }
  url.hash = '';
  if (url.href.length > PAGE_URL_MAX_CHARS) {
    throw invalid(
      `It has ${url.href.length} characters when percent-encoded; at most ${PAGE_URL_MAX_CHARS} are allowed.`,
    );
  }
  return url;
}

/** Whether the text has only C0 controls and spaces, which the URL parser strips, or other Unicode whitespace. */
function isBlank(text: string): boolean {
  for (const character of text) {
    if (character > ' ' && character.trim() !== '') return false;
  }
  return true;
}

function isWellFormedHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return true;
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  return name.length <= NAME_MAX_CHARS && name.split('.').every(isWellFormedLabel);
}

function isWellFormedLabel(label: string): boolean {
  if (label.length < 1 || label.length > LABEL_MAX_CHARS) return false;
  // UTS 46 section 4: an "xn--" label must decode to something beyond ASCII. Node's URL parser accepts ASCII names that
  // break this rule, and `domainToUnicode` returns such a label unchanged.
  return !label.startsWith('xn--') || domainToUnicode(label) !== label;
}

const required = () =>
  new Problem('URL_REQUIRED', {
    detail: 'Send the absolute http(s) URL of a page or an image as "url".',
  });

const invalid = (detail: string) =>
  new Problem('URL_INVALID', { detail: `The "url" cannot be used. ${detail}` });
