/** Header fields of the reference page. The stack's Nginx sends the same ones; a test compares them. */

/** Path of the API's reference page on the site. */
export const REFERENCE_PREFIX = '/reference/';

/** The page is text, two style sheets and an icon, so nothing else is allowed. */
export const REFERENCE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};
