/**
 * Every way in which a call or one image can fail. The lists are closed: the code is what a caller branches on,
 * what a metric is labelled with and what a test asserts.
 */

/** A failed call: HTTP status and title of its RFC 9457 answer. */
const PROBLEMS = {
  BODY_INVALID: { status: 400, title: 'The body is not a JSON object' },
  OPTION_INVALID: { status: 400, title: 'An option is not known or has a wrong value' },
  URL_REQUIRED: { status: 400, title: 'A url is required' },
  URL_INVALID: { status: 400, title: 'The url cannot be used' },
  ADDRESS_FORBIDDEN: { status: 403, title: 'The address may not be fetched' },
  ORIGIN_FORBIDDEN: { status: 403, title: 'A page of this origin may not call' },
  PAGE_NOT_FOUND: { status: 404, title: 'The page has not been harvested' },
  URL_ALREADY_PROCESSED: { status: 409, title: 'The page has been harvested already' },
  URL_IN_PROGRESS: { status: 409, title: 'Another call is working on this page' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body is not sent as JSON' },
  HOST_UNKNOWN: { status: 421, title: 'The server does not have this host name' },
  CONTENT_UNSUPPORTED: { status: 422, title: 'The page is neither HTML nor an image' },
  PAGE_TOO_LARGE: { status: 422, title: 'The page is too large' },
  TOO_MANY_REQUESTS: { status: 429, title: 'As many harvests run as may' },
  PAGE_UNREACHABLE: { status: 502, title: 'The page could not be read' },
  STORAGE_UNAVAILABLE: { status: 503, title: 'The storage cannot be used' },
  PAGE_TIMEOUT: { status: 504, title: 'The page did not arrive in time' },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

/** Why one image has no copy (a skipped line), or why its old copy was kept. */
export const IMAGE_CODES = [
  'IMAGE_UNREACHABLE',
  'IMAGE_STATUS',
  'IMAGE_TIMEOUT',
  'IMAGE_TOO_LARGE',
  'IMAGE_TOO_MANY_PIXELS',
  'IMAGE_EMPTY',
  'IMAGE_TRUNCATED',
  'NOT_AN_IMAGE',
  'ADDRESS_FORBIDDEN',
  'PLACEHOLDER',
  'NOT_CHOSEN',
  'LIMIT_REACHED',
  'OUT_OF_TIME',
] as const;
export type ImageCode = (typeof IMAGE_CODES)[number];

/** What of reaching a page failed, beside `PAGE_UNREACHABLE`. */
export const UNREACHABLE_REASONS = [
  'dns',
  'connect',
  'tls',
  'protocol',
  'encoding',
  'redirects',
  'status',
] as const;
export type UnreachableReason = (typeof UNREACHABLE_REASONS)[number];

export interface ProblemFacts {
  /** One public sentence that says what to do about it. Never a resolved address, an upstream body or a stack. */
  readonly detail: string;
  readonly reason?: UnreachableReason;
  readonly upstreamStatus?: number;
  readonly retryAfterSeconds?: number;
  /** For the log alone. */
  readonly cause?: unknown;
}

/** HTTP status and title of a code. */
export const problemFacts = (code: ProblemCode): { readonly status: number; readonly title: string } =>
  PROBLEMS[code];

/** A call that fails. The only class of the project: it has to travel by `throw`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string;
  readonly reason: UnreachableReason | undefined;
  readonly upstreamStatus: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, facts: ProblemFacts) {
    super(`${code}: ${facts.detail}`, { cause: facts.cause });
    this.code = code;
    this.detail = facts.detail;
    this.reason = facts.reason;
    this.upstreamStatus = facts.upstreamStatus;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  get title(): string {
    return PROBLEMS[this.code].title;
  }
}
