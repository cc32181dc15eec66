/**
 * Which pages of other origins a browser lets read the answers (the Fetch standard, "CORS protocol"). Credentials are
 * never allowed: the service knows no cookies, and a signature for AWS is a header like any other.
 */
import type { CorsOrigins } from '../config.ts';
import { type HttpEvent, headerOf, methodOf } from './httpEvent.ts';

/** What a script may read beside the body. */
const EXPOSED = { 'access-control-expose-headers': 'ETag, Location, Retry-After, X-Request-Id' } as const;

/** The last four sign a call for AWS_IAM. Chromium keeps a preflight's answer for two hours at most. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT',
  'access-control-allow-headers':
    'Content-Type, If-None-Match, Authorization, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-Security-Token',
  'access-control-max-age': '7200',
} as const;

/** Headers to add to an answer, whatever it is; none where the settings name no origin. */
export function corsHeaders(origins: CorsOrigins, event: HttpEvent): Readonly<Record<string, string>> {
  if (origins.length === 0) return {};
  const origin = headerOf(event, 'origin') ?? '';
  const allowed = origins === '*' ? origins : origins.find((one) => one === origin);
  // Without it a cache would hand one origin's answer to another; also where there is no origin, or a wrong one.
  const vary = origins === '*' ? {} : { vary: 'Origin' };
  if (allowed === undefined) return vary;
  const isPreflight =
    methodOf(event) === 'OPTIONS' && headerOf(event, 'access-control-request-method') !== undefined;
  return { ...vary, 'access-control-allow-origin': allowed, ...(isPreflight ? PREFLIGHT : EXPOSED) };
}
