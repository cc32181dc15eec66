/** The addresses that were found last, kept in this browser and nowhere else. */
import { isKeepable } from './address.js';

const KEY = 'image-console.recent';
const KEPT = 8;

/** @returns {string[]} the latest first */
export function recentUrls() {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isKept).slice(0, KEPT) : [];
  } catch {
    // What another page of this site left there, or a browser that keeps nothing.
    return [];
  }
}

/** @param {unknown} value */
const isKept = (value) => typeof value === 'string' && isKeepable(value);

/** @param {string} url of which the service has something */
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
    // A browser that keeps nothing still does the rest.
  }
}
