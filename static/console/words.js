/**
 * What the service's codes mean to a person, and what can be done about it. The types, and a test, hold these tables
 * against the service's own closed lists.
 *
 * @import { ImageCode, ProblemCode, UnreachableReason } from '../../lib/problem.ts'
 * @import { Changes } from '../../lib/model.ts'
 */

/**
 * Why one image has no copy, or only its old one.
 * @type {Readonly<Record<ImageCode, { readonly what: string, readonly todo: string }>>}
 */
export const IMAGE_WORDS = {
  IMAGE_UNREACHABLE: {
    what: 'The server could not be reached',
    todo: 'Open the address in a browser. If it works there, update the page: the fault may have passed.',
  },
  IMAGE_STATUS: {
    what: 'The server refused to hand it over',
    todo: '404 and 410 mean that it is gone, 401 and 403 that it is not for everybody. After a 5xx, update the page later.',
  },
  IMAGE_TIMEOUT: {
    what: 'The server was too slow',
    todo: 'Update the page later, or give images more time with the setting IMAGE_TIMEOUT_MS.',
  },
  IMAGE_TOO_LARGE: {
    what: 'The file is too large',
    todo: 'The limit is the setting IMAGE_MAX_BYTES. Raise it, then update the page.',
  },
  IMAGE_TOO_MANY_PIXELS: {
    what: 'It has too many pixels',
    todo: 'The limit is the setting IMAGE_MAX_PIXELS. Raise it, then update the page.',
  },
  IMAGE_EMPTY: {
    what: 'The file has no bytes',
    todo: 'The page names an empty file; there is nothing to keep. Its owner has to mend that.',
  },
  IMAGE_TRUNCATED: {
    what: 'The file ends too early',
    todo: 'Update the page: a broken-off transfer is whole the next time, a damaged file is not.',
  },
  NOT_AN_IMAGE: {
    what: 'It is not an image',
    todo: 'Often an error page that says 200, or a login. Open the address to see what it is.',
  },
  ADDRESS_FORBIDDEN: {
    what: 'Its address may not be fetched',
    todo: 'Private addresses, local names, unusual ports and addresses with a password are refused. A site of your own can be allowed with FETCH_ALLOW_HOSTS.',
  },
  PLACEHOLDER: {
    what: 'A stand-in for another picture',
    todo: 'Nothing to do: it only fills the place until the real picture loads, which is listed by itself.',
  },
  NOT_CHOSEN: {
    what: 'A smaller version of a picture',
    todo: 'Only the largest was asked for. Update with “Every version” to have them all.',
  },
  LIMIT_REACHED: {
    what: 'Beyond what one call may fetch',
    todo: 'The limits are the settings IMAGES_MAX_COUNT and REQUEST_MAX_BYTES. “Only the largest” needs less of both.',
  },
  OUT_OF_TIME: {
    what: 'Time ran out before its turn',
    todo: 'Update the page: what is stored is quickly checked, and the rest gets its turn.',
  },
};

/**
 * The next step after a failed call; what happened is said by the service itself.
 * @type {Readonly<Record<ProblemCode, string>>}
 */
export const PROBLEM_WORDS = {
  BODY_INVALID: 'This console and the service do not understand each other: reload the page.',
  OPTION_INVALID: 'This console and the service do not understand each other: reload the page.',
  URL_REQUIRED: 'Enter an address first.',
  URL_INVALID: 'Check the address: it begins with https:// or http:// and holds no password.',
  ADDRESS_FORBIDDEN:
    'Without that, only public addresses can be harvested. For a site on your own machine: FETCH_ALLOW_HOSTS=localhost:3000 npm start.',
  PAGE_NOT_FOUND: 'Nothing is stored for this address yet.',
  URL_ALREADY_PROCESSED: 'It is stored already: look at what there is, or bring it up to date.',
  URL_IN_PROGRESS: 'Somebody else works on this page right now. Wait a moment.',
  BODY_TOO_LARGE: 'Use a shorter address.',
  MEDIA_TYPE_UNSUPPORTED: 'This console and the service do not understand each other: reload the page.',
  CONTENT_UNSUPPORTED: 'Give the address of a web page or of an image.',
  PAGE_TOO_LARGE: 'The limit is the setting PAGE_MAX_BYTES.',
  PAGE_UNREACHABLE: 'Open the address in a browser to see whether the site is up.',
  STORAGE_UNAVAILABLE: 'The bucket cannot be used at the moment. Nothing was lost; try again.',
  PAGE_TIMEOUT: 'The site is slow. Try again, or raise the setting PAGE_TIMEOUT_MS.',
  INTERNAL: 'This is a fault of the service. Its log has the cause, under the request id.',
};

/**
 * What of reaching a page failed.
 * @type {Readonly<Record<UnreachableReason, string>>}
 */
export const REASON_WORDS = {
  dns: 'its name is not known',
  connect: 'nobody answered at its address',
  tls: 'its certificate or encryption was not accepted',
  protocol: 'it did not speak proper HTTP',
  encoding: 'its answer could not be unpacked',
  redirects: 'it redirected too often',
  status: 'it answered with an error',
};

/**
 * What an update did to one image: the sign stands beside the colour, for whoever does not see it.
 * @type {Readonly<Record<keyof Changes, { readonly sign: string, readonly word: string, readonly long: string }>>}
 */
export const CHANGE_WORDS = {
  added: { sign: '+', word: 'added', long: 'new on the page' },
  changed: { sign: '≠', word: 'changed', long: 'other bytes than before' },
  unchanged: { sign: '=', word: 'unchanged', long: 'the same as before' },
  removed: { sign: '−', word: 'removed', long: 'no longer on the page; the copy is deleted' },
  kept: { sign: '!', word: 'kept', long: 'could not be fetched now; the old copy stays' },
};

/** A table's own entry: a code is a string from elsewhere. @template V @param {Readonly<Record<string, V>>} table @param {string} key */
export function lookIn(table, key) {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** @type {Readonly<Record<string, string>>} */
const TYPE_NAMES = {
  'image/svg+xml': 'SVG',
  'image/x-icon': 'ICO',
  'image/vnd.microsoft.icon': 'ICO',
};

/** `image/jpeg` → `JPEG`. @param {string} contentType */
export function typeName(contentType) {
  return TYPE_NAMES[contentType] ?? contentType.replace(/^image\/(?:x-)?/, '').toUpperCase();
}

/** 25498 → `24.9 KB`, in steps of 1,024. @param {number} bytes */
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

/** `3 images`. @param {number} count @param {string} noun */
export function countWords(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** ISO 8601 → in the reader's own zone, such as `22 Nov 2026, 14:31`. @param {string} iso */
export function timeWords(iso) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return time.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}
