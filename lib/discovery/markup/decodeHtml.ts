import { isUtf8 } from 'node:buffer';
import sniff from 'html-encoding-sniffer';
import { parseMimeType } from '../mimeType.ts';

export interface DecodedHtml {
  readonly text: string;
  /** Name by the Encoding standard. The page's stylesheets inherit it. */
  readonly encoding: string;
}

/**
 * The standard looks for `meta charset` in the first 1,024 bytes, and the parser starts again when it meets one later.
 * Looking further at once has the same result.
 */
const PRESCAN_BYTES = 16 * 1024;
const UNKNOWN = 'unknown';

/**
 * The text of a page, decoded by the HTML and Encoding standards. The first that is present decides: byte order mark,
 * charset of the Content-Type, `meta charset`. Otherwise it is UTF-8 if that is valid, or windows-1252. Labels that the
 * Encoding standard does not know are ignored.
 */
export function decodeHtml(bytes: Buffer, contentType: string | undefined): DecodedHtml {
  const sniffed = sniff(bytes, {
    transportLayerEncodingLabel: parseMimeType(contentType)?.charset,
    defaultEncoding: UNKNOWN,
    maxPrescanBytes: PRESCAN_BYTES,
  });
  const encoding = sniffed === UNKNOWN ? (isUtf8(bytes) ? 'UTF-8' : 'windows-1252') : sniffed;
  // Node lacks the standard's "replacement" decoder, for encodings that are unsafe to decode.
  if (encoding === 'replacement') return { text: '\uFFFD', encoding };
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}
