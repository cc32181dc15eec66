/** The HTTP responses to the failures of a call. */
import type { ProblemCode } from '../domain/problem.ts';

/** HTTP status and title of each problem (RFC 9457 section 3.1). */
export const PROBLEMS: Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>> = {
  BODY_INVALID: { status: 400, title: 'The body is not a JSON object' },
  OPTION_INVALID: { status: 400, title: 'An option is unknown or has a wrong value' },
  URL_REQUIRED: { status: 400, title: 'A url is required' },
  URL_INVALID: { status: 400, title: 'The url cannot be used' },
  ADDRESS_FORBIDDEN: { status: 403, title: 'The address may not be fetched' },
  ORIGIN_FORBIDDEN: { status: 403, title: 'Pages of this origin may not call the API' },
  PAGE_NOT_FOUND: { status: 404, title: 'The page has not been harvested' },
  URL_ALREADY_PROCESSED: { status: 409, title: 'The page has been harvested already' },
  URL_IN_PROGRESS: { status: 409, title: 'Another call is working on this page' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body is not declared as JSON' },
  HOST_UNKNOWN: { status: 421, title: 'The server does not have this host name' },
  CONTENT_UNSUPPORTED: { status: 422, title: 'The page is neither HTML nor an image' },
  PAGE_TOO_LARGE: { status: 422, title: 'The page is too large' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many harvests are running' },
  PAGE_UNREACHABLE: { status: 502, title: 'The page could not be read' },
  STORAGE_UNAVAILABLE: { status: 503, title: 'The storage cannot be used' },
  PAGE_TIMEOUT: { status: 504, title: 'The page did not arrive in time' },
  INTERNAL: { status: 500, title: 'The service has an internal error' },
};
