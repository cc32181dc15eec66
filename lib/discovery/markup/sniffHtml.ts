/** Start tags and the comment of the WHATWG MIME Sniffing standard, section 7.1, step 1. */
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

/** The standard's resource header: no more is looked at. */
const HEADER_LENGTH = 1_445;

/**
 * Whether a Content-Type header says HTML. A header of several joined types says nothing certain, so it does not.
 */
export function isHtmlType(contentType: string | undefined): boolean {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return essence === 'text/html' || essence === 'application/xhtml+xml';
}

/**
 * Whether a body without a usable Content-Type begins like HTML, by the WHATWG MIME Sniffing standard: leading blanks,
 * then one of its patterns in either case, then a tag-terminating byte (a blank or `>`); or a comment. A byte order
 * mark and an XML declaration may come first, which the standard leaves to its caller.
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
 * Whether what came for a stylesheet is HTML. CSS may stand in the marks of an HTML comment (CSS Syntax, section 4.2),
 * and people leave it in a `style` element: a browser reads the rules in both.
 */
export function isHtmlForCss(head: Buffer): boolean {
  const text = textOf(head.subarray(0, HEADER_LENGTH)).replace(/^(?:\s|<!--[\s\S]*?-->)+/, '');
  return !/^<(?:style\b|!--)/i.test(text) && looksLikeHtml(Buffer.from(text, 'latin1'));
}

/** Tag-terminating bytes are 0x20 and 0x3E; the standard's blanks are what real pages put there too. */
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
