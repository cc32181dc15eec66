/** Tells from the first bytes of a TCP connection whether it carries lines, or a protocol that browsers speak. */

/** RFC 9110 section 9, RFC 5789, and the preface of HTTP/2 (RFC 9113 section 3.4). */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI'];
const OPENINGS = METHODS.map((method) => `${method} `);
const LONGEST = Math.max(...OPENINGS.map(({ length }) => length));
const WHITESPACE = new Set([0x09, 0x0a, 0x0d]);

/**
 * `undecided` asks for more bytes: at most 8 are needed. A control character is the opening of a binary protocol, such
 * as TLS (0x16) or STUN (0x00). No EMF document begins like any of these.
 */
export function judgeOpening(bytes: Buffer): 'lines' | 'foreign' | 'undecided' {
  const [first] = bytes;
  if (first === undefined) return 'undecided';
  if (first < 0x20 && !WHITESPACE.has(first)) return 'foreign';
  const text = bytes.toString('latin1', 0, LONGEST);
  if (OPENINGS.some((opening) => text.startsWith(opening))) return 'foreign';
  return OPENINGS.some((opening) => opening.startsWith(text)) ? 'undecided' : 'lines';
}
