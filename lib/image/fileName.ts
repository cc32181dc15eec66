/** A percent-encoded byte takes three, and object stores on a file system refuse segments over 255 bytes. */
const BYTES_MAX = 100;
/** Characters of a segment that are read: far more than fit into the name. */
const SEGMENT_MAX = 2_000;
/** A UTF-16 unit takes at most three bytes of UTF-8, and each of those three characters when percent-encoded. */
const ENCODED_MAX = 9 * SEGMENT_MAX;

/** Extensions of images or of server programs. The extension of the real type replaces them. */
const REPLACED_EXTENSION =
  /\.(?:jpe?g|jpe|jfif|pjpeg|a?png|gif|webp|avifs?|hei[cf]s?|jxl|bmp|dib|ico|cur|tiff?|jp2|jpx|jpf|j2[ck]|jxr|wdp|hdp|svgz?|php\d?|aspx?|ashx|axd|jspx?|cgi|pl|do|x?html?)$/i;

/** Windows cannot have files of these names, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/i;

/**
 * A file name for people: the last segment of the URL's path, made safe, with the extension of the real type. It is
 * never empty, has at most 100 bytes of UTF-8, and is in NFC. Its stem does not begin or end with `.` or `-`.
 *
 * Letters, digits and combining marks of every script stay, and so do `.`, `_` and `-`. Invisible characters are
 * dropped. Everything else becomes `-`, such as separators, spaces, punctuation, emoji and bytes that are not UTF-8. So
 * the name is safe as an object key, on every file system, in a shell and, percent-encoded, in a URL.
 */
export function fileNameOf(url: string, extension: string): string {
  const ending = `.${extension}`;
  const stem = safeStem(lastSegment(url).replace(REPLACED_EXTENSION, ''));
  const room = BYTES_MAX - Buffer.byteLength(ending) - 1;
  const short = trimEnds(cutToBytes(stem, room));
  return `${RESERVED.test(short) ? '_' : ''}${short === '' ? 'image' : short}${ending}`;
}

/** The last segment of the path, decoded; empty for a `data:` URL or without a path. */
function lastSegment(url: string): string {
  const parsed = url.startsWith('data:') ? null : URL.parse(url);
  if (parsed === null) return '';
  const { pathname } = parsed;
  const start = pathname.lastIndexOf('/') + 1;
  const segment = pathname.slice(start, start + ENCODED_MAX);
  // decodeURIComponent would throw for bytes that are not UTF-8; here they become U+FFFD.
  const bytes = segment.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8').slice(0, SEGMENT_MAX);
}

/** What `safeStem` leaves as it is. */
const PLAIN = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/i;

function safeStem(text: string): string {
  // Most names; the tables of Unicode cost more than the rest of naming.
  if (PLAIN.test(text)) return text;
  const safe = text
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '')
    .replace(/[^\p{L}\p{N}\p{M}._-]+/gu, '-')
    .replace(/-{2,}/g, '-')
    .replace(/\.{2,}/g, '.');
  return trimEnds(safe);
}

function trimEnds(stem: string): string {
  // A mark at the start would combine with the character before the name.
  return stem.replace(/^[.\p{M}-]+/u, '').replace(/(?<![.-])[.-]+$/, '');
}

/** The longest prefix of at most `max` bytes that does not split a character from its marks. */
function cutToBytes(text: string, max: number): string {
  // This is nearly always true, and saves creating a segmenter, which costs milliseconds the first time.
  if (Buffer.byteLength(text) <= max) return text;
  let length = 0;
  let result = '';
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    length += Buffer.byteLength(segment);
    if (length > max) break;
    result += segment;
  }
  return result;
}
