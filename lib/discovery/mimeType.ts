import { MIMEType } from 'whatwg-mimetype';

export interface MimeType {
  /** `type/subtype`, lower case. */
  readonly essence: string;
  /** The `charset` parameter as written. */
  readonly charset: string | undefined;
}

/** Real ones are short; what is longer is no type. */
const MAX_CHARS = 1_000;

/** Reads a Content-Type header or a `type` attribute by the WHATWG MIME Sniffing standard; null when it is none. */
export function parseMimeType(text: string | undefined): MimeType | null {
  if (text === undefined || text.length > MAX_CHARS) return null;
  const type = MIMEType.parse(text);
  return type && { essence: type.essence, charset: type.parameters.get('charset') };
}
