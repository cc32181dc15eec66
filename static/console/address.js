/** Addresses as people type them, as they may be kept, and as they are shown. */

/** What is on the reader's own machine seldom has a certificate. */
const OWN_MACHINE = /^(?:(?:[^/?#:@]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)/i;

/** Characters of an address that are shown, and those of them that are its end. */
const SHOWN = 52;
const TAIL = 22;

/** `example.com` is what people type. @param {string} text */
export function withScheme(text) {
  if (text === '' || /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text)) return text;
  return `${OWN_MACHINE.test(text) ? 'http' : 'https'}://${text}`;
}

/** Whether it is an address of the web, and holds no secret. @param {string} url */
export function isKeepable(url) {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/**
 * What tells it from the others on a page: without the origin that they share, and without its middle when it is long.
 * @param {string} url
 * @param {string} near an address of the place where it is shown
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

/** On one's own machine, or in a private network (RFC 1918, RFC 4193): the service can be told to allow it. */
const PRIVATE_HOST =
  /^(?:localhost|(?:127|10)(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|\[::1\]|\[f[cd][\da-f]{2}:[\da-f:]*\])$/;

/** Host and port of such an address, null for any other. @param {string} url */
export function privateHostOf(url) {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, port } = new URL(url);
  return PRIVATE_HOST.test(hostname) ? `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` : null;
}
