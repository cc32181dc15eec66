/** The addresses that were used last, kept in this browser and nowhere else. */

const KEY = 'image-console.recent';
const KEPT = 8;

/** @returns {string[]} the latest first */
export function recentUrls() {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter((url) => typeof url === 'string').slice(0, KEPT) : [];
  } catch {
    // What another page of this site left there, or a browser that keeps nothing.
    return [];
  }
}

/** @param {string} url */
export function remember(url) {
  keep([url, ...recentUrls().filter((other) => other !== url)].slice(0, KEPT));
}

export function forgetAll() {
  keep([]);
}

/** @param {string[]} urls */
function keep(urls) {
  try {
    if (urls.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(urls));
  } catch {
    // A browser that keeps nothing still does the rest.
  }
}
