/** What the console's answers say to browsers. Nginx of the stack says the same; a test compares them. */

/** Where the site has the console. */
export const CONSOLE_PREFIX = '/console/';

/**
 * Scripts, styles and calls are of the site alone, pictures of the site and of the store that presigned links lead to.
 * @param storeOrigin such as `http://localhost:9000`
 */
export function consoleHeaders(storeOrigin: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      `img-src 'self' ${storeOrigin}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
  };
}
