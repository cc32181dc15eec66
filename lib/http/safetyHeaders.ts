/**
 * What every answer says to browsers, 304 and problems too. The answers are JSON for programs: nothing of them is ever
 * to be shown, run or embedded as a document of its own.
 *
 * There is no Strict-Transport-Security: browsers ignore it over the plain HTTP of a local stack (RFC 6797 section
 * 8.1), the gateway on AWS takes nothing but HTTPS, and for a domain of one's own its owner has to decide.
 */
export const SAFETY_HEADERS = {
  // A browser takes the answer for JSON even where a harvested alt text makes it look like HTML.
  'x-content-type-options': 'nosniff',
  // Opened as a page it loads and runs nothing, and no other page can put it into a frame.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  // The query of a look-up holds somebody's URL: a link that is followed from the answer does not pass it on.
  'referrer-policy': 'no-referrer',
  // Other sites cannot embed it unasked. CORS, where the settings allow it, is not touched by this.
  'cross-origin-resource-policy': 'same-origin',
} as const;
