/** What the answers of the reference page say to browsers. Nginx of the stack says the same; a test compares them. */

/** Where the site has the reference page of the API. */
export const REFERENCE_PREFIX = '/reference/';

/** It is text, two style sheets and an icon. */
export const REFERENCE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};
