/** Where a redirect leads: RFC 9110 section 15.4 and 10.2.2. */

import type { WebResponse } from './exchange.ts';
import { faultError } from './faults.ts';

/** 300 offers a choice and 304 to 306 are no redirects: those are not followed. */
const FOLLOWED = new Set([301, 302, 303, 307, 308]);

/**
 * The next URL without fragment; null when the answer is no redirect.
 * @throws fault `protocol` without one usable Location, `redirects` when it leads to another scheme or to a URL with
 * credentials.
 */
export function redirectOf(response: WebResponse, from: URL): URL | null {
  if (!FOLLOWED.has(response.status)) return null;
  const [location = '', ...others] = new Set(response.lines('location').map((line) => line.trim()));
  if (others.length > 0) throw faultError('protocol');
  const next = location === '' ? null : URL.parse(asUtf8(location), from.href);
  if (next === null) throw faultError('protocol');
  if (!isWebUrl(next)) throw faultError('redirects');
  next.hash = '';
  return next;
}

/** http(s) without credentials. */
export function isWebUrl({ protocol, username, password }: URL): boolean {
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

/** Header bytes arrive as Latin-1; servers that do not escape a Location mean UTF-8, as browsers read it. */
function asUtf8(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? header : text;
}
