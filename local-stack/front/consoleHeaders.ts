/** Header fields of the console's responses. The stack's Nginx sends the same ones; a test compares them. */

/** Path of the console on the site. */
export const CONSOLE_PREFIX = '/console/';

/**
 * The header fields. Scripts, styles and calls are allowed for the site only; pictures also for the store to which
 * presigned links lead.
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
