/** Addresses as people type them. */

/** `example.com` is what people type. @param {string} text */
export function withScheme(text) {
  return text === '' || /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text) ? text : `https://${text}`;
}
