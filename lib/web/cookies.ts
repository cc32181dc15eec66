/**
 * Cookies that the responses of one call set (RFC 6265, with the additions of RFC 6265bis). Some sites redirect until
 * their cookie comes back. All cookies are host-only: a Domain attribute never widens one. Only a list of public
 * suffixes could tell that `co.uk` is not one site.
 */
import type { Cookie } from '../domain/ports.ts';

/** Of one call, and of one cookie with its name. */
const COOKIES_MAX = 50;
const COOKIE_MAX_LENGTH = 4096;
/** Of a request's Cookie field: servers refuse longer heads. */
const HEADER_MAX_LENGTH = 8 * 1024;

const PRINTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Takes what a response sets into `cookies`.
 * @param lines the values of its Set-Cookie fields
 */
export function keepCookies(cookies: Cookie[], url: URL, lines: readonly string[], now: Date): void {
  for (const line of lines) {
    const cookie = parseCookie(line, url, now);
    if (cookie === null) continue;
    const same = cookies.findIndex(
      ({ name, host, path }) => name === cookie.name && host === cookie.host && path === cookie.path,
    );
    if (same !== -1) cookies.splice(same, 1);
    if (cookie.expiresAt > now.getTime()) cookies.push(cookie);
    if (cookies.length > COOKIES_MAX) cookies.shift();
  }
}

/** The Cookie field of a request (RFC 6265 section 5.4); undefined without any. */
export function cookieHeader(cookies: readonly Cookie[], url: URL, now: Date): string | undefined {
  const sent = cookies
    .filter(({ host, path, isSecure, expiresAt }) => {
      const isForHost = host === url.hostname && (!isSecure || url.protocol === 'https:');
      return isForHost && isWithin(url.pathname, path) && expiresAt > now.getTime();
    })
    .toSorted((a, b) => b.path.length - a.path.length)
    .map(({ name, value }) => `${name}=${value}`);
  let length = 0;
  const fitting = sent.filter((each) => {
    length += each.length + 2;
    return length <= HEADER_MAX_LENGTH;
  });
  return fitting.length > 0 ? fitting.join('; ') : undefined;
}

/** RFC 6265 sections 5.2 and 5.3; null when the cookie is not to be kept. */
function parseCookie(line: string, url: URL, now: Date): Cookie | null {
  if (!PRINTABLE.test(line)) return null;
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  const value = pair.slice(equals + 1).trim();
  if (name === '' || name.length + value.length > COOKIE_MAX_LENGTH) return null;

  const given = new Map(attributes.map(attributeOf));
  const isSecure = given.has('secure');
  if (isSecure && url.protocol !== 'https:') return null;
  const domain = given.get('domain')?.replace(/^\./, '').toLowerCase() ?? '';
  if (domain !== '' && url.hostname !== domain && !url.hostname.endsWith(`.${domain}`)) return null;
  const path = given.get('path')?.startsWith('/') ? (given.get('path') ?? '/') : defaultPath(url.pathname);
  // RFC 6265bis section 4.1.3.
  const isHostPrefixed = /^__host-/i.test(name);
  if ((isHostPrefixed || /^__secure-/i.test(name)) && !isSecure) return null;
  if (isHostPrefixed && (domain !== '' || given.get('path') !== '/')) return null;
  return { host: url.hostname, name, value, path, isSecure, expiresAt: expiryOf(given, now) };
}

function attributeOf(text: string): [string, string] {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  return [name.trim().toLowerCase(), equals === -1 ? '' : text.slice(equals + 1).trim()];
}

/** Milliseconds since 1970; Infinity for a cookie of the session. Max-Age wins (section 5.3 step 3). */
function expiryOf(attributes: ReadonlyMap<string, string>, now: Date): number {
  const maxAge = attributes.get('max-age') ?? '';
  if (/^-?\d{1,15}$/.test(maxAge)) return Number(maxAge) > 0 ? now.getTime() + Number(maxAge) * 1_000 : 0;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

/** Section 5.1.4. */
function defaultPath(pathname: string): string {
  const end = pathname.lastIndexOf('/');
  return end <= 0 ? '/' : pathname.slice(0, end);
}

function isWithin(pathname: string, path: string): boolean {
  if (pathname === path) return true;
  return pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/');
}
