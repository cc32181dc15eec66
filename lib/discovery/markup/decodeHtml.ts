import { isUtf8 } from 'node:buffer';
import sniff from 'html-encoding-sniffer';
import { parseMimeType } from '../mimeType.ts';

export interface DecodedHtml {
  readonly text: string;
  /** Name by the Encoding standard, as its stylesheets inherit it. */
  readonly encoding: string;
}

/**
 * The standard looks for a `meta charset` in the first 1,024 bytes and lets the parser correct itself when it meets
 * one later; looking further at once comes to the same.
 */
const PRESCAN_BYTES = 16 * 1024;
const UNKNOWN = 'unknown';

/**
 * Decodes a page by the HTML and Encoding standards: byte order mark, then the header's label, then `meta charset`;
 * without any, UTF-8 when it is valid, else windows-1252. A label that the Encoding standard does not know counts as
 * none.
 */
export function decodeHtml(bytes: Buffer, contentType: string | undefined): DecodedHtml {
  const sniffed = sniff(bytes, {
    transportLayerEncodingLabel: parseMimeType(contentType)?.charset,
    defaultEncoding: UNKNOWN,
    maxPrescanBytes: PRESCAN_BYTES,
  });
  const encoding = sniffed === UNKNOWN ? (isUtf8(bytes) ? 'UTF-8' : 'windows-1252') : sniffed;
  // The standard's decoder for the encodings that are unsafe to decode; Node has none.
  if (encoding === 'replacement') return { text: '\uFFFD', encoding };
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}
