import { domainToUnicode } from 'node:url';
import { Problem } from './problem.ts';

/** As given, where longer ones are refused unparsed, and as serialised, which is what is looked up and linked to. */
const PAGE_URL_MAX_CHARS = 2_048;
/** RFC 1035 section 2.3.4, in ASCII: the URL parser accepts more. */
const LABEL_MAX_CHARS = 63;
const NAME_MAX_CHARS = 253;

/**
 * Reads the URL of a page as a caller gives it. Two spellings that the WHATWG URL parser serialises alike give the
 * same `href`; the fragment is dropped.
 *
 * @throws URL_REQUIRED when it is absent, empty or blank
 * @throws URL_INVALID when it is not a string, too long, unparsable, of another scheme than http(s), or has
 * credentials or a host that no name server can know
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

/** Only spaces and C0 controls, which the URL parser strips, or blanks of other alphabets. */
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
  // UTS 46 section 4: Punycode says something beyond ASCII, or it is an error. Node's parser lets the errors of names
  // that are ASCII throughout pass, and its decoding leaves them as they are.
  return !label.startsWith('xn--') || domainToUnicode(label) !== label;
}

const required = () =>
  new Problem('URL_REQUIRED', {
    detail: 'Send the absolute http(s) URL of a page or an image as "url".',
  });

const invalid = (detail: string) =>
  new Problem('URL_INVALID', { detail: `The "url" cannot be used. ${detail}` });
