/**
 * What the service's codes mean to a person, and the next step. The types and a test compare these tables with the
 * service's closed lists.
 *
 * @import { ImageCode, ProblemCode, UnreachableReason } from '../../lib/domain/problem.ts'
 * @import { Changes } from '../../lib/domain/model.ts'
 *
 * @typedef {object} ChangeWords
 * @property {string} sign
 * @property {string} word
 * @property {string} wordIfDry
 * @property {string} long
 * @property {string} longIfDry
 */

/**
 * Why an image has no copy, or only its old one.
 * @type {Readonly<Record<ImageCode, { readonly what: string, readonly todo: string }>>}
 */
export const IMAGE_WORDS = {
  IMAGE_UNREACHABLE: {
    what: 'The server could not be reached',
    todo: 'Open the address in a browser. If it works there, press Update: the fault may have passed.',
  },
  IMAGE_STATUS: {
    what: 'The server responded with an error',
    todo: '404 and 410: it is gone. 401 and 403: access is restricted. 5xx: press Update later.',
  },
  IMAGE_TIMEOUT: {
    what: 'The server was too slow',
    todo: 'Press Update later, or give images more time with the setting `IMAGE_TIMEOUT_MS`.',
  },
  IMAGE_TOO_LARGE: {
    what: 'The file is too large',
    todo: 'The limit is the setting `IMAGE_MAX_BYTES`. Raise it, then press Update.',
  },
  IMAGE_TOO_MANY_PIXELS: {
    what: 'It has too many pixels',
    todo: 'The limit is the setting `IMAGE_MAX_PIXELS`. Raise it, then press Update.',
  },
  IMAGE_EMPTY: {
    what: 'The file has no bytes',
    todo: 'The page names an empty file. Only its owner can fix that.',
  },
  IMAGE_TRUNCATED: {
    what: 'The file ends too early',
    todo: 'Press Update. If it fails again, the file itself is damaged.',
  },
  NOT_AN_IMAGE: {
    what: 'It is not an image',
    todo: 'It is often an error page with status 200, or a login page. Open the address to see it.',
  },
  ADDRESS_FORBIDDEN: {
    what: 'Its address may not be fetched',
    todo: 'Private addresses, local names, unusual ports and addresses with a password are refused. Allow your own site with `FETCH_ALLOW_HOSTS`.',
  },
  PLACEHOLDER: {
    what: 'A placeholder for another image',
    todo: 'Nothing to do: the real image is listed separately.',
  },
  NOT_CHOSEN: {
    what: 'A smaller version of a picture',
    todo: 'Only the largest was requested. Choose Update and “Every version” to store them all.',
  },
  LIMIT_REACHED: {
    what: 'Over the limits of one call',
    todo: 'The limits are the settings `IMAGES_MAX_COUNT` and `REQUEST_MAX_BYTES`. “Only the largest” needs less of both.',
  },
  OUT_OF_TIME: {
    what: 'Time ran out',
    todo: 'Press Update: stored images are checked quickly, and the rest is fetched.',
  },
};

/**
 * What to add to the service's own text about a failed call. Empty when that text is enough.
 * @type {Readonly<Record<ProblemCode, string>>}
 */
export const PROBLEM_WORDS = {
  BODY_INVALID: 'The console and the service may have different versions: reload the page.',
  OPTION_INVALID: 'The console and the service may have different versions: reload the page.',
  URL_REQUIRED: 'Enter an address first.',
  URL_INVALID: '',
  ADDRESS_FORBIDDEN: 'Only public addresses can be harvested. This also applies to redirects.',
  PAGE_NOT_FOUND: '',
  URL_ALREADY_PROCESSED: '',
  URL_IN_PROGRESS: '',
  ORIGIN_FORBIDDEN: '',
  HOST_UNKNOWN: '',
  BODY_TOO_LARGE: 'Use a shorter address.',
  MEDIA_TYPE_UNSUPPORTED: 'The console and the service may have different versions: reload the page.',
  CONTENT_UNSUPPORTED: '',
  PAGE_TOO_LARGE: 'The limit is the setting `PAGE_MAX_BYTES`.',
  TOO_MANY_REQUESTS: '',
  PAGE_UNREACHABLE: '',
  STORAGE_UNAVAILABLE: 'Nothing was lost.',
  PAGE_TIMEOUT: 'The limit is the setting `PAGE_TIMEOUT_MS`.',
  INTERNAL: '',
};

/** Advice for a site on the reader's own machine or network. @param {string} host with its port */
export const allowWords = (host) =>
  `If that site is yours, start the service with \`FETCH_ALLOW_HOSTS=${host} npm start\`.`;

/**
 * Which step of reading a page failed.
 * @type {Readonly<Record<UnreachableReason, string>>}
 */
export const REASON_WORDS = {
  dns: 'its host name is unknown',
  connect: 'its server could not be reached',
  tls: 'its certificate or encryption was not accepted',
  protocol: 'its response was not valid HTTP',
  encoding: 'its response could not be decoded',
  redirects: 'it redirected too often',
  status: 'it responded with an error',
};

/**
 * What an update did or would do to one image. The sign is for readers who cannot see the colour.
 * @type {Readonly<Record<keyof Changes, Readonly<ChangeWords>>>}
 */
export const CHANGE_WORDS = {
  added: {
    sign: '+',
    word: 'added',
    wordIfDry: 'to add',
    long: 'new on the page',
    longIfDry: 'new on the page',
  },
  changed: {
    sign: '≠',
    word: 'changed',
    wordIfDry: 'to change',
    long: 'other bytes than before',
    longIfDry: 'other bytes than the copy',
  },
  unchanged: {
    sign: '=',
    word: 'unchanged',
    wordIfDry: 'unchanged',
    long: 'the same as before',
    longIfDry: 'the same as the copy',
  },
  removed: {
    sign: '−',
    word: 'removed',
    wordIfDry: 'to remove',
    long: 'no longer on the page; the copy is deleted',
    longIfDry: 'no longer on the page; the copy would be deleted',
  },
  kept: {
    sign: '!',
    word: 'kept',
    wordIfDry: 'to keep',
    long: 'could not be fetched now; the old copy stays',
    longIfDry: 'could not be fetched now; the old copy would stay',
  },
};

/** The table's own entry; undefined without one. A code may be any string, such as `constructor`. @template V @param {Readonly<Record<string, V>>} table @param {string} key */
export function lookIn(table, key) {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** @type {Readonly<Record<string, string>>} */
const TYPE_NAMES = {
  'image/svg+xml': 'SVG',
  'image/x-icon': 'ICO',
  'image/vnd.microsoft.icon': 'ICO',
};

/** The name of a type: `image/jpeg` → `JPEG`. @param {string} contentType */
export function typeName(contentType) {
  return TYPE_NAMES[contentType] ?? contentType.replace(/^image\/(?:x-)?/, '').toUpperCase();
}

/** A size in words: 25498 → `24.9 KB`, with units of 1,024. @param {number} bytes */
export function byteWords(bytes) {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const units = ['KB', 'MB', 'GB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A count in words: `3 images`. @param {number} count @param {string} noun @param {string} [plural] */
export function countWords(count, noun, plural = `${noun}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}

/** A time in the reader's time zone, such as `22 Nov 2026, 14:31`. @param {string} iso ISO 8601 */
export function timeWords(iso) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return time.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}
