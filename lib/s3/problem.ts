/** What a failure of the store means: its public sentence, and whether a write may have been applied. */
import { Problem } from '../domain/problem.ts';
import { isOfCertificate, type TlsFault, tlsFaultOf } from '../tls/faults.ts';

/** What the SDK's errors and Node's have in common; a service error carries the HTTP status and S3's code as name. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly status?: number;
  readonly tls?: TlsFault;
}

interface Meaning {
  /**
   * S3 codes (the error's name), Node error codes, HTTP statuses, or faults of TLS; the first row with any of them
   * wins.
   */
  readonly when: readonly (string | number)[];
  /** One sentence that says what to do; never the endpoint, never a key. */
  readonly detail: string;
}

/** What this service finds out about a store by itself. Each is the name of an error and a sign in the table below. */
export type StoreFinding =
  /** A page of HTML instead of S3's answer. */
  | 'WebPage'
  /** A success that S3 does not answer with. */
  | 'NotS3'
  /** The port speaks TLS alone. */
  | 'TlsWanted'
  /** A connection without TLS that was lost before the response. */
  | 'LostPlain'
  /** No ETag where S3 sends one. */
  | 'NoETag'
  /** A weak ETag, or another content than was written. */
  | 'Rewritten'
  /** A read shows what was there before a write. */
  | 'StaleRead'
  /** A listing does not show what was written. */
  | 'NotListed'
  /** The endpoint names the bucket, and so does each request. */
  | 'BucketTwice'
  | 'ConditionUnknown'
  | 'IfNoneMatchIgnored'
  | 'IfMatchIgnored'
  | 'RightETagRefused'
  /** Of simultaneous writes on one condition several were applied. */
  | 'NotAtomic'
  /** The same part of a listing again, or parts without end. */
  | 'ListsInCircles';

/** As AWS and MinIO call it. */
const SKEW_CODES: readonly string[] = ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'];

const UNFIT = 'use one that docs/storages.md lists as fit.';

const NOT_TODAY = "The storage's certificate is not valid today: renew it, or set the clocks right.";

const TLS_DETAILS: Readonly<Record<TlsFault, string>> = {
  noTls: 'The storage speaks no TLS on this port: begin S3_ENDPOINT with http://, or correct its port.',
  handshake:
    'The storage refuses the TLS connection: check its log. It may need other versions of TLS, or a client certificate, which is not supported.',
  clientCertificate:
    'The storage asks for a client certificate, which is not supported: turn that off for this service.',
  untrusted:
    "The storage's certificate is not signed by an authority that is trusted here: set S3_CA to the certificate of its authority.",
  otherName: "The storage's certificate is for another name: use its name in S3_ENDPOINT.",
  expired: NOT_TODAY,
  notYetValid: NOT_TODAY,
  unusable:
    "The storage's certificate, or one of its chain, is broken, revoked, too weak or not for a server: renew it.",
};

/** Node's names for them differ with the moment at which a handshake fails. */
const tlsMeanings: readonly Meaning[] = Object.entries(TLS_DETAILS).map(([fault, detail]) => ({
  when: [`tls ${fault}`],
  detail,
}));

const MEANINGS: readonly Meaning[] = [
  {
    when: ['ConditionUnknown'],
    detail: `The storage server does not know conditional PUT: ${UNFIT}`,
  },
  {
    when: ['IfNoneMatchIgnored'],
    detail: `The storage server ignores If-None-Match on PUT: ${UNFIT}`,
  },
  {
    when: ['IfMatchIgnored'],
    detail: `The storage server ignores If-Match on PUT: ${UNFIT}`,
  },
  {
    when: ['RightETagRefused'],
    detail: `The storage server refuses the right ETag in If-Match on PUT: ${UNFIT}`,
  },
  {
    when: ['NotAtomic'],
    detail: `The storage server applies several simultaneous writes on one condition: ${UNFIT}`,
  },
  {
    when: [304],
    detail: `The storage server answers 304 to a conditional PUT, where S3 answers 412: ${UNFIT}`,
  },
  {
    when: ['WebPage'],
    detail:
      "S3_ENDPOINT answers with a web page: set it to the S3 API's port, not the console's, and let no proxy or login page answer.",
  },
  {
    when: [
      'TlsWanted',
      // No HTTP at all, as an alert of TLS.
      'HPE_INVALID_CONSTANT',
    ],
    detail: 'The port of the storage does not speak plain HTTP: begin S3_ENDPOINT with https://.',
  },
  ...tlsMeanings,
  {
    when: ['NoETag'],
    detail:
      'The storage sends no ETag: let the proxy before it pass ETag on, and check that S3_ENDPOINT is an S3 API.',
  },
  {
    when: ['Rewritten'],
    detail:
      'A proxy changes what the storage sends (weak ETags or another content): turn its compression and rewriting off.',
  },
  {
    when: ['StaleRead'],
    detail:
      "A read does not show the write before it: turn off the cache of the storage's proxy, or use a storage with consistent reads.",
  },
  {
    when: ['NotListed'],
    detail:
      'A listing does not show what was written: check S3_ENDPOINT, and turn the cache of the proxy before the storage off.',
  },
  {
    when: ['BucketTwice'],
    detail:
      'S3_ENDPOINT names a bucket already, so the name of the bucket would begin each key: leave it out of S3_ENDPOINT.',
  },
  {
    when: ['ListsInCircles'],
    detail: 'The storage returned the same page of a listing twice: check its log.',
  },
  {
    // The codes of Alibaba Cloud, Tencent Cloud and Huawei Cloud.
    when: ['SecondLevelDomainForbidden', 'PathStyleDomainForbidden', 'VirtualHostDomainRequired'],
    detail: 'The storage wants the bucket in the host name: set S3_FORCE_PATH_STYLE to false.',
  },
  {
    when: ['InvalidBucketName', 'EndpointError'],
    detail: 'The bucket cannot have this name: correct S3_BUCKET.',
  },
  {
    when: ['NoSuchBucket'],
    detail: 'The bucket does not exist: create it, or correct S3_BUCKET.',
  },
  {
    when: SKEW_CODES,
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
    when: ['EntityTooLarge', 413],
    detail: 'The storage refuses a body of this size: raise the limit of the proxy before it.',
  },
  {
    when: ['SlowDown', 'ServiceUnavailable', 'TooManyRequests', 'RequestLimitExceeded', 429, 503],
    detail: 'The storage is overloaded: try again later.',
  },
  {
    when: ['LostPlain'],
    detail:
      'The connection to the storage was lost: try again. If it is always lost, begin S3_ENDPOINT with https://.',
  },
  {
    // Before the timeouts: the SDK calls a reset connection a TimeoutError too.
    when: ['ECONNRESET', 'EPIPE'],
    detail: 'The connection to the storage was lost: try again. If it is always lost, check its log.',
  },
  {
    when: ['TimeoutError', 'AbortError', 'RequestTimeout', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 408, 504],
    detail: 'The storage did not answer in time: try again.',
  },
  {
    when: ['ENOTFOUND', 'EAI_AGAIN'],
    detail:
      "The storage's host name is not known: check S3_ENDPOINT. With S3_FORCE_PATH_STYLE=false the bucket is part of the name.",
  },
  {
    when: ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'],
    detail: 'The storage cannot be reached: check that it runs, and S3_ENDPOINT.',
  },
  {
    when: ['PreconditionFailed', 'ConditionalRequestConflict', 409, 412],
    detail: 'Another writer changed the record in the meantime: try again.',
  },
  {
    // Last: behind a success may be a body that was cut, or cannot be read.
    when: ['NotS3', 200, 204],
    detail:
      'The storage does not answer as S3 does: check that S3_ENDPOINT is an S3 API, and the proxy before it.',
  },
];

const OTHER = 'The storage failed: try again. If that does not help, check its log.';

/** A caller may come again so soon: long enough for a restart, short enough for a person. */
const RETRY_AFTER_SECONDS = 5;

/** The `STORAGE_UNAVAILABLE` for whatever the store or the SDK threw; a Problem stays as it is. */
export function storageProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return unavailable(meaningOf(error)?.detail ?? OTHER, error);
}

/** Whether the table has a sentence for it. */
export const isUnderstood = (error: unknown): boolean => meaningOf(error) !== undefined;

/** Every sentence of a failed store. */
export const STORE_SENTENCES: readonly string[] = [...MEANINGS.map(({ detail }) => detail), OTHER];

/** An error that the table has a sentence for; `status` is that of the response in which it was found. */
export function storeFault(finding: StoreFinding, facts: StoreFaultFacts = {}): Error {
  const { status, cause } = facts;
  const error = Object.assign(new Error(`The store: ${finding}`, { cause }), { name: finding });
  return status === undefined ? error : Object.assign(error, { $metadata: { httpStatusCode: status } });
}

export interface StoreFaultFacts {
  readonly status?: number;
  /** For the log. */
  readonly cause?: unknown;
}

function meaningOf(error: unknown): Meaning | undefined {
  const { name, code, status, tls } = failureOf(error);
  const signs = [name, code, status, tls && `tls ${tls}`];
  return MEANINGS.find(({ when }) => when.some((sign) => signs.includes(sign)));
}

function unavailable(detail: string, cause?: unknown): Problem {
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
  return isOfCertificate(error) || NEVER_SENT.some((sign) => sign === code || sign === name);
}

/**
 * The store says that the request's time is too far from its own. It looks at the time before anything else, so such
 * a request was not applied.
 */
export function isTooSkewed(error: unknown): boolean {
  const { name = '' } = failureOf(error);
  return SKEW_CODES.includes(name);
}

/** What the log calls it: S3's code or Node's, with the status. */
export function nameOf(error: unknown): string {
  const { name, code, status } = failureOf(error);
  return [code ?? name ?? 'Error', status].filter((part) => part !== undefined).join(' ');
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
  const tls = tlsFaultOf(error);
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof code === 'string' && { code }),
    ...(typeof status === 'number' && { status }),
    ...(tls !== null && { tls }),
  };
}
