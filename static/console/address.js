/** Addresses as people type them, and as they may be kept. */

/** What is on the reader's own machine seldom has a certificate. */
const OWN_MACHINE = /^(?:(?:[^/?#:@]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)/i;

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
