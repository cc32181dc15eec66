import { MIMEType } from 'whatwg-mimetype';

export interface MimeType {
  /** `type/subtype`, lower case. */
  readonly essence: string;
  /** The `charset` parameter as written. */
  readonly charset: string | undefined;
}

/** Real types are much shorter. A longer text counts as invalid. */
const MAX_CHARS = 1_000;

/** A Content-Type field or `type` attribute, parsed by the WHATWG MIME Sniffing standard; null when it is invalid. */
export function parseMimeType(text: string | undefined): MimeType | null {
  if (text === undefined || text.length > MAX_CHARS) return null;
  const type = MIMEType.parse(text);
  return type && { essence: type.essence, charset: type.parameters.get('charset') };
}
