/**
 * Every way in which a call or one image can fail. The lists are closed: callers branch on a code, metrics have it as
 * their label, and tests assert it.
 */

/** Why a whole call failed. `lib/http/problems.ts` has the HTTP status of each. */
export const PROBLEM_CODES = [
  'BODY_INVALID',
  'OPTION_INVALID',
  'URL_REQUIRED',
  'URL_INVALID',
  'ADDRESS_FORBIDDEN',
  'ORIGIN_FORBIDDEN',
  'PAGE_NOT_FOUND',
  'URL_ALREADY_PROCESSED',
  'URL_IN_PROGRESS',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'HOST_UNKNOWN',
  'CONTENT_UNSUPPORTED',
  'PAGE_TOO_LARGE',
  'TOO_MANY_REQUESTS',
  'PAGE_UNREACHABLE',
  'STORAGE_UNAVAILABLE',
  'PAGE_TIMEOUT',
  'INTERNAL',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

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

/** Which step of reading the page failed, with `PAGE_UNREACHABLE`. */
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
  /** One sentence for the caller that says what to do. It never has a resolved address, an upstream body or a stack. */
  readonly detail: string;
  readonly reason?: UnreachableReason;
  readonly upstreamStatus?: number;
  readonly retryAfterSeconds?: number;
  /** For the log alone. */
  readonly cause?: unknown;
}

/** The error that a failed call throws. */
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
}
