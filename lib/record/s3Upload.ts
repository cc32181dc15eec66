/**
 * The first attempt of an upload, signed here (AWS Signature Version 4) and sent by the SDK's own HTTP handler. It
 * costs a quarter of the processor time of the SDK's chain of middlewares, which for a page of 200 images is half of
 * all. Where it goes, and with which keys, the SDK says; whatever is not a plain success is left to the SDK.
 */
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';

export interface Upload {
  readonly key: string;
  readonly body: Buffer;
  /** Of the body, hex. */
  readonly sha256: string;
  /** In lower case; signed. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface AttemptOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

/** Where the bucket is, as the SDK resolves it. */
interface Place {
  readonly url: URL;
  /** Before the key, with a slash at its end. */
  readonly path: string;
  readonly region: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 's3';
const PROBE_KEY = 'images/x';

/**
 * @param signedLink a presigned PUT of the key that it is given: shows what the SDK makes of all its settings
 * @returns a function that resolves with whether the store took the upload; false says nothing of the reason
 */
export function createUploader(client: S3Client, signedLink: (key: string) => Promise<string>) {
  let learning: Promise<Place | null> | undefined;
  const place = () => {
    learning ??= signedLink(PROBE_KEY).then(placeOf, () => null);
    return learning;
  };
  const signingKey = createSigningKeys();

  return async ({ key, body, sha256, headers }: Upload, options: AttemptOptions): Promise<boolean> => {
    const at = await place();
    if (at === null) {
      learning = undefined;
      return false;
    }
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
      // The SDK corrects its clock by what a server says that refused a signature.
      const date = amzDate(Date.now() + client.config.systemClockOffset);
      const path = at.path + encodeKey(key);
      const signed = {
        ...headers,
        host: at.url.host,
        'x-amz-content-sha256': sha256,
        'x-amz-date': date,
        ...(sessionToken && { 'x-amz-security-token': sessionToken }),
      };
      const scope = `${date.slice(0, 8)}/${at.region}/${SERVICE}/aws4_request`;
      const names = Object.keys(signed).sort();
      const request = canonicalRequest(path, signed, names, sha256);
      const toSign = [ALGORITHM, date, scope, createHash('sha256').update(request).digest('hex')].join('\n');
      const signature = createHmac('sha256', signingKey(secretAccessKey, date.slice(0, 8), at.region))
        .update(toSign)
        .digest('hex');
      const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
      return await send(client, at.url, path, { ...signed, authorization }, body, options);
    } catch {
      return false;
    }
  };
}

async function send(
  client: S3Client,
  { protocol, hostname, port }: URL,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  options: AttemptOptions,
): Promise<boolean> {
  const request = {
    method: 'PUT',
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path,
    query: {},
    headers: { ...headers, 'content-length': String(body.length) },
    body,
  };
  const { response } = await client.config.requestHandler.handle(request as never, options);
  const answer = response.body as Readable;
  // Its text, if there is any, is for the SDK to read in an attempt of its own.
  answer.on('error', () => undefined).resume();
  return response.statusCode === 200 && response.headers.etag !== undefined;
}

/** null for anything that is not the usual signature. */
function placeOf(link: string): Place | null {
  const url = new URL(link);
  const [, , region, service] = url.searchParams.get('X-Amz-Credential')?.split('/') ?? [];
  const isUsual = url.searchParams.get('X-Amz-Algorithm') === ALGORITHM && service === SERVICE;
  if (!isUsual || region === undefined || !url.pathname.endsWith(`/${PROBE_KEY}`)) return null;
  return { url, path: url.pathname.slice(0, -PROBE_KEY.length), region };
}

/** As S3 wants it: no normalisation, each byte encoded once, slashes kept. */
function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/%2F/g, '/')
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalRequest(
  path: string,
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
  sha256: string,
): string {
  const lines = names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`);
  return ['PUT', path, '', ...lines, '', names.join(';'), sha256].join('\n');
}

/** 20261122T130500Z */
function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, '');
}

/** The key of a day is made once. */
function createSigningKeys() {
  let kept: { readonly secret: string; readonly of: string; readonly key: KeyObject } | undefined;
  return (secret: string, day: string, region: string): KeyObject => {
    const of = `${day}/${region}`;
    if (kept?.secret !== secret || kept.of !== of) {
      const steps = [day, region, SERVICE, 'aws4_request'];
      const start: Buffer = Buffer.from(`AWS4${secret}`);
      const key = steps.reduce((last, step) => createHmac('sha256', last).update(step).digest(), start);
      kept = { secret, of, key: createSecretKey(key) };
    }
    return kept.key;
  };
}
