/** The last addresses with a result, kept in this browser only. */
import { isKeepable } from './address.js';

const KEY = 'image-console.recent';
const KEPT = 8;

/** @returns {string[]} the latest first */
export function recentUrls() {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isKept).slice(0, KEPT) : [];
  } catch {
    // Another page of this site wrote the entry, or the browser stores nothing.
    return [];
  }
}

/** @param {unknown} value */
const isKept = (value) => typeof value === 'string' && isKeepable(value);

/** @param {string} url with stored images */
export function remember(url) {
  if (isKeepable(url)) keep([url, ...recentUrls().filter((other) => other !== url)].slice(0, KEPT));
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
    // The console works without storage, too.
  }
}
