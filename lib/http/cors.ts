/**
 * CORS headers: which other origins may read the responses in a browser (Fetch standard, "CORS protocol"). Credentials
 * are never allowed: the service uses no cookies, and an AWS signature is sent in ordinary header fields.
 */
import type { CorsOrigins } from '../config.ts';
import { type HttpEvent, headerOf, methodOf } from './httpEvent.ts';

/** Header fields that a script may read. */
const EXPOSED = { 'access-control-expose-headers': 'ETag, Location, Retry-After, X-Request-Id' } as const;

/** The last four fields sign a call for AWS_IAM. Chromium caches a preflight for two hours at most. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT',
  'access-control-allow-headers':
    'Content-Type, If-None-Match, Authorization, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-Security-Token',
  'access-control-max-age': '7200',
} as const;

/** Header fields to add to every response; empty when the settings allow no origin. */
export function corsHeaders(origins: CorsOrigins, event: HttpEvent): Readonly<Record<string, string>> {
  if (origins.length === 0) return {};
  const origin = headerOf(event, 'origin') ?? '';
  const allowed = origins === '*' ? origins : origins.find((one) => one === origin);
  // Without `Vary` a cache would serve one origin's response to another. Requests without an allowed origin need it
  // too.
  const vary = origins === '*' ? {} : { vary: 'Origin' };
  if (allowed === undefined) return vary;
  const isPreflight =
    methodOf(event) === 'OPTIONS' && headerOf(event, 'access-control-request-method') !== undefined;
  return { ...vary, 'access-control-allow-origin': allowed, ...(isPreflight ? PREFLIGHT : EXPOSED) };
}
