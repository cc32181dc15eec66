/** The latest URLs that were found. They are kept only in this browser. */
import { isKeepable } from './address.js';

const KEY = 'image-console.recent';
const KEPT = 8;

/** @returns {string[]} the latest first */
export function recentUrls() {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isKept).slice(0, KEPT) : [];
  } catch {
    // Another page of the site wrote a different value, or the browser stores nothing.
    return [];
  }
}

/** @param {unknown} value */
const isKept = (value) => typeof value === 'string' && isKeepable(value);

/** @param {string} url known to the service */
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
    // In a browser that stores nothing, the rest still works.
  }
}
