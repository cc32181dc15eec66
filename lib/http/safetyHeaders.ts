/**
 * Header fields for browsers in every response, including 304 and problems. Responses are JSON for programs: a browser
 * must not show, run or embed one as a document.
 *
 * Strict-Transport-Security is not sent. Browsers ignore it over the plain HTTP of a local stack (RFC 6797 section
 * 8.1), and the gateway on AWS accepts only HTTPS. For a custom domain its owner has to decide.
 */
export const SAFETY_HEADERS = {
  // The browser treats the response as JSON even when a harvested alt text makes it look like HTML.
  'x-content-type-options': 'nosniff',
  // Opened as a page, the response loads and runs nothing, and no other page can frame it.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  // The query of a look-up has a harvested URL, which the target of a followed link must not learn.
  'referrer-policy': 'no-referrer',
  // Other sites cannot embed the response. CORS requests, which the settings may allow, are not affected.
  'cross-origin-resource-policy': 'same-origin',
} as const;
