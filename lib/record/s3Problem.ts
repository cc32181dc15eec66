/** What a failure of the store means: its public sentence, and whether a write may have been applied. */
import { Problem } from '../problem.ts';

/** What the SDK's errors and Node's have in common; a service error carries the HTTP status and S3's code as name. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly status?: number;
}

interface Meaning {
  /** S3 codes (the error's name), Node error codes, or HTTP statuses; the first row with any of them wins. */
  readonly when: readonly (string | number)[];
  /** One sentence that says what to do; never the endpoint, never a key. */
  readonly detail: string;
}

const MEANINGS: readonly Meaning[] = [
  {
    when: ['NoSuchBucket'],
    detail: 'The bucket does not exist: create it, or correct S3_BUCKET.',
  },
  {
    when: ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'],
    detail: 'The clock of the service and that of the storage differ: set them right.',
  },
  {
    when: [
      'PermanentRedirect',
      'AuthorizationHeaderMalformed',
      'IllegalLocationConstraintException',
      301,
      302,
      307,
      308,
    ],
    detail: 'The bucket lies elsewhere: correct AWS_REGION or S3_ENDPOINT.',
  },
  {
    when: ['CredentialsProviderError'],
    detail: 'There are no access keys for the storage: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  {
    when: ['XMinioStorageFull', 'InsufficientCapacity', 'QuotaExceeded', 507],
    detail: 'The storage is full: free some space, then try again.',
  },
  {
    when: [
      'AccessDenied',
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'ExpiredToken',
      'InvalidToken',
      401,
      403,
    ],
    detail:
      'The storage refuses the access keys: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they may do in the bucket.',
  },
  {
    when: ['SlowDown', 'ServiceUnavailable', 'TooManyRequests', 'RequestLimitExceeded', 429, 503],
    detail: 'The storage is overloaded: try again later.',
  },
  {
    // Before the timeouts: the SDK calls a reset connection a TimeoutError too.
    when: ['ECONNRESET', 'EPIPE'],
    detail: 'The connection to the storage was lost: try again.',
  },
  {
    when: ['TimeoutError', 'AbortError', 'RequestTimeout', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 408, 504],
    detail: 'The storage did not answer in time: try again.',
  },
  {
    when: ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
    detail: 'The storage cannot be reached: check that it runs, and S3_ENDPOINT.',
  },
  {
    when: ['PreconditionFailed', 'ConditionalRequestConflict', 409, 412],
    detail: 'Another writer changed the record in the meantime: try again.',
  },
];

const OTHER = 'The storage failed: try again, and look into its log if that does not help.';

/** A caller may come again so soon: long enough for a restart, short enough for a person. */
const RETRY_AFTER_SECONDS = 5;

/** The `STORAGE_UNAVAILABLE` for whatever the store or the SDK threw; a Problem stays as it is. */
export function storageProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { name, code, status } = failureOf(error);
  const meaning = MEANINGS.find(({ when }) =>
    when.some((sign) => sign === name || sign === code || sign === status),
  );
  return unavailable(meaning?.detail ?? OTHER, error);
}

export function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('STORAGE_UNAVAILABLE', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
}

/** There is no such object. Only S3's own code counts: any web server answers 404. */
export function isMissing(error: unknown): boolean {
  return failureOf(error).name === 'NoSuchKey';
}

/** Statuses whose sender may have applied the request, or passed on an earlier attempt's conflict. */
const UNCLEAR_CLIENT_ERRORS: readonly number[] = [404, 408, 409, 412, 425, 429];

/** No byte of the request can have reached the store. */
const NEVER_SENT: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CredentialsProviderError',
];

/** Whether a single attempt certainly left the store as it was. Anything that is in doubt does not count. */
export function isCertainlyRefused(error: unknown): boolean {
  const { name, code, status } = failureOf(error);
  if (status !== undefined) return status >= 300 && status < 500 && !UNCLEAR_CLIENT_ERRORS.includes(status);
  return NEVER_SENT.some((sign) => sign === code || sign === name);
}

/** The HTTP status; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return failureOf(error).status;
}

function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return {};
  const { name, code, $metadata } = error as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown };
  };
  const status = $metadata?.httpStatusCode;
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof code === 'string' && { code }),
    ...(typeof status === 'number' && { status }),
  };
}
