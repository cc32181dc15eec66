/** Finds the page of each copy of an image, by the page id in its name. */

/** `images/<image>/<page>/<operation>/<file>` → `<page>`. @param {string} name */
export function pageIdIn(name) {
  return name.split('/')[2] ?? '';
}

/**
 * The URLs by page id. Empty when the browser cannot compute ids, which needs HTTPS or localhost.
 * @param {readonly string[]} urls canonical
 * @returns {Promise<ReadonlyMap<string, string>>}
 */
export async function urlsByPageId(urls) {
  if (!isSecureContext) return new Map();
  const entries = urls.map(async (url) => /** @type {const} */ ([await pageIdOf(url), url]));
  return new Map(await Promise.all(entries));
}

/** The first 32 hex digits of the SHA-256, as in the service. @param {string} url */
async function pageIdOf(url) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return [...new Uint8Array(hash, 0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
