import { parseMimeType } from '../mimeType.ts';

export interface DecodedCss {
  readonly text: string;
  /** Name by the Encoding standard. Imported stylesheets inherit it. */
  readonly encoding: string;
}

/** CSS Syntax section 3.2: the file begins with exactly these bytes, and the rule ends within the first 1,024. */
const CHARSET_RULE = /^@charset "([^"]*)";/;
const CHARSET_RULE_BYTES = 1_024;

/**
 * The text of a stylesheet, decoded by CSS Syntax section 3.2. The first that is present decides: byte order mark,
 * charset of the Content-Type, `@charset`, encoding of the referring text. Otherwise it is UTF-8.
 */
export function decodeCss(
  bytes: Buffer,
  contentType: string | undefined,
  environmentEncoding: string,
): DecodedCss {
  const encoding =
    markedEncoding(bytes) ??
    knownEncoding(parseMimeType(contentType)?.charset) ??
    ruledEncoding(bytes) ??
    knownEncoding(environmentEncoding) ??
    'utf-8';
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}

function markedEncoding([first, second, third]: Buffer): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xff && second === 0xfe ? 'utf-16le' : undefined;
}

function ruledEncoding(bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, CHARSET_RULE_BYTES).toString('latin1');
  const encoding = knownEncoding(CHARSET_RULE.exec(start)?.[1]);
  // A rule in single bytes cannot be UTF-16. CSS Syntax section 3.2 then takes UTF-8.
  return encoding?.startsWith('utf-16') ? 'utf-8' : encoding;
}

function knownEncoding(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}
