/** URLs: as people type them, whether they may be kept, and how they are shown. */

/** Hosts on the reader's own machine. They seldom have a certificate, so they get http. */
const OWN_MACHINE = /^(?:(?:[^/?#:@]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)/i;

/** Characters that are shown of a URL, and how many of them are its end. */
const SHOWN = 52;
const TAIL = 22;

/** The URL with a scheme, which people often omit. @param {string} text */
export function withScheme(text) {
  if (text === '' || /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text)) return text;
  return `${OWN_MACHINE.test(text) ? 'http' : 'https'}://${text}`;
}

/** Whether a URL is http(s) and has no credentials. @param {string} url */
export function isKeepable(url) {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/**
 * A URL as shown among others of a page: without an origin that they share, and without its middle when it is long.
 * @param {string} url
 * @param {string} near URL of the page
 */
export function shortAddress(url, near) {
  const text = withoutOrigin(url, near);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - TAIL - 1)}…${text.slice(-TAIL)}`;
}

/** @param {string} url @param {string} near */
function withoutOrigin(url, near) {
  if (!isKeepable(url) || !isKeepable(near)) return url;
  const { origin, host, pathname, search } = new URL(url);
  return `${origin === new URL(near).origin ? '' : host}${pathname}${search}`;
}

/** Hosts on the own machine or in a private network (RFC 1918, RFC 4193), which a setting of the service can allow. */
const PRIVATE_HOST =
  /^(?:localhost|(?:127|10)(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|\[::1\]|\[f[cd][\da-f]{2}:[\da-f:]*\])$/;

/** Host and port of such a URL; null for any other. @param {string} url */
export function privateHostOf(url) {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, port } = new URL(url);
  return PRIVATE_HOST.test(hostname) ? `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` : null;
}
