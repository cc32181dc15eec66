/** The copies of an image are told apart by their page, whose id is in their names. */

/** `images/<image>/<page>/<operation>/<file>` → `<page>`. @param {string} name */
export function pageIdIn(name) {
  return name.split('/')[2] ?? '';
}

/**
 * Id → address, of these addresses. Empty where the browser does not calculate it: away from localhost, without HTTPS.
 * @param {readonly string[]} urls canonical
 * @returns {Promise<ReadonlyMap<string, string>>}
 */
export async function urlsByPageId(urls) {
  if (!isSecureContext) return new Map();
  const entries = urls.map(async (url) => /** @type {const} */ ([await pageIdOf(url), url]));
  return new Map(await Promise.all(entries));
}

/** The first 32 hex digits of the SHA-256, as the service makes it. @param {string} url */
async function pageIdOf(url) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return [...new Uint8Array(hash, 0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
