/** Checks AWS Signature Version 4, in a header field or in a presigned link, with the signer of the AWS SDK. */
import { createHash, createHmac, type Hash, type Hmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { StoreKeys } from './localKeys.ts';

export interface SignedCall {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** S3's code and text for a request that gets 403. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** The signature of a request and what belongs to it. */
interface Claim {
  readonly credential: string;
  /** In lower case. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20261122T130500Z` */
  readonly date: string;
  /** null for a signature in a header field: the request is sent at once. */
  readonly expiresSeconds: number | null;
}

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Largest difference between the request's time and the time here. Absent: 15 minutes, as on AWS. */
  readonly clockSkewMs?: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const CLOCK_SKEW_MS = 15 * 60_000;
const LINK_MAX_SECONDS = 7 * 24 * 3_600;
const HASH_HEADER = 'x-amz-content-sha256';
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
/** The parameters that the signer adds to a link. The case of their names is fixed. */
const LINK_PARAMETERS = ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'];

const NOT_SIGNED = refuse('AccessDenied', 'The request is not signed, or its signature cannot be read.');
const OTHER_KEY = refuse('InvalidAccessKeyId', 'This store does not know the access key.');
const WRONG = refuse('SignatureDoesNotMatch', 'The signature is not the one of this request and these keys.');
const SKEWED = refuse(
  'RequestTimeTooSkewed',
  'The time of the request differs from the time here by over 15 minutes.',
);
const EXPIRED = refuse('AccessDenied', 'Request has expired');
const TOO_EARLY = refuse('AccessDenied', 'Request is not valid yet');
const NOT_COVERED = refuse('AccessDenied', 'Host and every x-amz- header must be signed.');

/**
 * A function that resolves with the refusal of a request; with null when the request may pass. It passes when it was
 * signed with the keys for any region, is within its time, and signs its host and all its `x-amz-` fields.
 *
 * The hash in `x-amz-content-sha256` is signed but not checked here: `hasClaimedHash` checks it against the body.
 */
export function createAuthenticator(
  keys: StoreKeys,
  { now = Date.now, clockSkewMs = CLOCK_SKEW_MS }: Clock = {},
) {
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: keys,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  return async (call: SignedCall): Promise<Refusal | null> => {
    const [path = '', search = ''] = splitOnce(call.target, '?');
    const query = new URLSearchParams(search);
    const claim = readHeaderClaim(call.headers) ?? readLinkClaim(query);
    if (claim === null) return NOT_SIGNED;
    const scope = readScope(claim);
    if (scope === null) return NOT_SIGNED;
    if (scope.accessKeyId !== keys.accessKeyId) return OTHER_KEY;
    if (!coversAll(claim, call.headers)) return NOT_COVERED;
    const expected = await sign(signer, call, claim, path, query, scope.region);
    if (!isSame(expected, claim.signature)) return WRONG;
    return judgeTime(claim, now(), clockSkewMs);
  };
}

/** Whether the body has the hash that was signed. True when the request did not sign one. */
export function hasClaimedHash(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const claimed = headers[HASH_HEADER];
  if (claimed === undefined || claimed === UNSIGNED_PAYLOAD) return true;
  return claimed === createHash('sha256').update(body).digest('hex');
}

function readHeaderClaim({
  authorization,
  'x-amz-date': date,
  ...headers
}: IncomingHttpHeaders): Claim | null {
  const [algorithm, text = ''] = splitOnce(authorization ?? '', ' ');
  if (algorithm !== ALGORITHM || typeof date !== 'string' || headers[HASH_HEADER] === undefined) return null;
  const parts = new Map(text.split(',').map((part) => splitOnce(part.trim(), '=')));
  return {
    credential: parts.get('Credential') ?? '',
    signedHeaders: (parts.get('SignedHeaders') ?? '').split(';'),
    signature: parts.get('Signature') ?? '',
    date,
    expiresSeconds: null,
  };
}

function readLinkClaim(query: URLSearchParams): Claim | null {
  // Of a repeated parameter, one value could be signed and the other one used.
  if (LINK_PARAMETERS.some((name) => query.getAll(`X-Amz-${name}`).length !== 1)) return null;
  const parameter = (name: string) => query.get(`X-Amz-${name}`) ?? '';
  const expires = parameter('Expires');
  if (parameter('Algorithm') !== ALGORITHM || !/^\d{1,6}$/.test(expires)) return null;
  if (Number(expires) < 1 || Number(expires) > LINK_MAX_SECONDS) return null;
  return {
    credential: parameter('Credential'),
    signedHeaders: parameter('SignedHeaders').split(';'),
    signature: parameter('Signature'),
    date: parameter('Date'),
    expiresSeconds: Number(expires),
  };
}

/** The parts of a scope such as `KEY/20261122/us-east-1/s3/aws4_request`; null when it is not of the request's day. */
function readScope({ credential, date }: Claim): { accessKeyId: string; region: string } | null {
  const [, accessKeyId, day, region] =
    /^(.+)\/(\d{8})\/([\w-]{1,64})\/s3\/aws4_request$/.exec(credential) ?? [];
  if (accessKeyId === undefined || region === undefined || day !== date.slice(0, 8)) return null;
  return Number.isNaN(timeOf(date)) ? null : { accessKeyId, region };
}

/** Whether all fields that must be signed are signed: an attacker could change the others. */
function coversAll({ signedHeaders }: Claim, headers: IncomingHttpHeaders): boolean {
  const needed = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  return needed.includes('host') && needed.every((name) => signedHeaders.includes(name));
}

/** The signature that the request must have, in hex. */
async function sign(
  signer: SignatureV4,
  { method, headers: sent }: SignedCall,
  { signedHeaders, date, expiresSeconds }: Claim,
  path: string,
  given: URLSearchParams,
  signingRegion: string,
): Promise<string> {
  const headers: Record<string, string> = {};
  for (const name of signedHeaders) {
    const value = sent[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const request = {
    method,
    protocol: 'http:',
    hostname: '',
    path,
    headers,
    query: queryOf(given, expiresSeconds),
  };
  const options = {
    signingDate: new Date(timeOf(date)),
    signingRegion,
    signableHeaders: new Set(signedHeaders),
  };
  if (expiresSeconds === null) {
    const signed = await signer.sign(request, options);
    return /Signature=(\w+)$/.exec(signed.headers.authorization ?? '')?.[1] ?? '';
  }
  // A link does not sign the body. The signer recognises that by a header field, which the link need not have.
  const isHashSigned = signedHeaders.includes(HASH_HEADER);
  const signed = await signer.presign(
    { ...request, headers: { [HASH_HEADER]: UNSIGNED_PAYLOAD, ...headers } },
    {
      ...options,
      expiresIn: expiresSeconds,
      unhoistableHeaders: new Set([...signedHeaders, HASH_HEADER]),
      ...(!isHashSigned && { unsignableHeaders: new Set([HASH_HEADER]) }),
    },
  );
  return String(signed.query?.['X-Amz-Signature'] ?? '');
}

function queryOf(given: URLSearchParams, expiresSeconds: number | null): Record<string, string[]> {
  const query: Record<string, string[]> = Object.create(null);
  for (const name of new Set(given.keys())) query[name] = given.getAll(name);
  if (expiresSeconds !== null) for (const name of LINK_PARAMETERS) delete query[`X-Amz-${name}`];
  return query;
}

function judgeTime({ date, expiresSeconds }: Claim, now: number, clockSkewMs: number): Refusal | null {
  const age = now - timeOf(date);
  if (expiresSeconds === null) return Math.abs(age) > clockSkewMs ? SKEWED : null;
  if (age > expiresSeconds * 1_000) return EXPIRED;
  return age < -clockSkewMs ? TOO_EARLY : null;
}

/** Milliseconds since 1970 of a date such as `20261122T130500Z`; NaN when it is not valid. */
function timeOf(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function splitOnce(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function refuse(code: string, message: string): Refusal {
  return { code, message };
}

/** SHA-256 with the interface that the signer needs. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: Parameters<typeof createHmac>[1] | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}
