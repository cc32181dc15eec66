/** The tags of the WHATWG MIME Sniffing standard, section 7.1, step 1. */
const HTML_PATTERNS = [
  '<!doctype html',
  '<html',
  '<head',
  '<script',
  '<iframe',
  '<h1',
  '<div',
  '<font',
  '<table',
  '<a',
  '<style',
  '<title',
  '<b',
  '<body',
  '<br',
  '<p',
];

/** Length of the standard's "resource header": later bytes are ignored. */
const HEADER_LENGTH = 1_445;

/** Whether a Content-Type field is HTML. False for a field of several joined types, which is ambiguous. */
export function isHtmlType(contentType: string | undefined): boolean {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return essence === 'text/html' || essence === 'application/xhtml+xml';
}

/**
 * Whether a body without a usable Content-Type begins like HTML, by the WHATWG MIME Sniffing standard. It begins with a
 * comment, or with one of the tags in either case and whitespace or `>`. Whitespace may come before that. Beyond the
 * standard, a byte order mark and an XML declaration may come first.
 */
export function looksLikeHtml(head: Buffer): boolean {
  const text = textOf(head.subarray(0, HEADER_LENGTH))
    .replace(/^[\t\n\f\r ]+/, '')
    .toLowerCase();
  if (text.startsWith('<!--')) return true;
  const start = text.startsWith('<?xml') ? text.replace(/^[^>]*>[\t\n\f\r ]*/, '') : text;
  return HTML_PATTERNS.some((pattern) => start.startsWith(pattern) && isTagEnd(start[pattern.length]));
}

/**
 * Whether the body of a stylesheet is HTML. CSS that begins with the mark `<!--` (CSS Syntax section 4.2) or a `style`
 * tag is not: a browser reads the rules after it.
 */
export function isHtmlForCss(head: Buffer): boolean {
  const text = textOf(head.subarray(0, HEADER_LENGTH)).replace(/^(?:\s|<!--[\s\S]*?-->)+/, '');
  return !/^<(?:style\b|!--)/i.test(text) && looksLikeHtml(Buffer.from(text, 'latin1'));
}

/** Whether the character ends a tag name: the standard's 0x20 or 0x3E, or other whitespace, as on real pages. */
function isTagEnd(character: string | undefined): boolean {
  return character !== undefined && '\t\n\f\r >'.includes(character);
}

function textOf(bytes: Buffer): string {
  const [first, second, third] = bytes;
  const even = bytes.length - (bytes.length % 2);
  if (first === 0xff && second === 0xfe) return bytes.subarray(2, even).toString('utf16le');
  if (first === 0xfe && second === 0xff) {
    return Buffer.from(bytes.subarray(2, even)).swap16().toString('utf16le');
  }
  const hasMark = first === 0xef && second === 0xbb && third === 0xbf;
  return bytes.subarray(hasMark ? 3 : 0).toString('latin1');
}
