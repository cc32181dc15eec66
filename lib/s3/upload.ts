/**
 * The first attempt of an upload, past the SDK's chain of middlewares. The SDK still says the address, signs, and sends.
 * This takes a quarter of the chain's processor time, which is half of all for a page of 200 images. After anything
 * but a plain success the SDK makes the next attempt.
 */
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

type Signer = Awaited<ReturnType<S3Client['config']['signer']>>;

/** Where the bucket is, as the SDK resolves it. */
interface Place {
  readonly url: URL;
  /** Before the key, with a slash at its end. */
  readonly path: string;
}

/** What the SDK's signer and its HTTP handler take. */
interface Request {
  readonly method: 'PUT';
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Signature Version 4; another one would need the SDK's chain. */
const ALGORITHM = 'AWS4-HMAC-SHA256';
const PROBE_KEY = 'images/x';

/**
 * @param signedLink a presigned PUT of the key that it is given: shows what the SDK makes of all its settings
 * @returns a function that resolves with whether the store took the upload; false says nothing of the reason
 */
export function createUploader(client: S3Client, signedLink: (key: string) => Promise<string>) {
  const { config } = client;
  let learning: Promise<{ readonly place: Place; readonly signer: Signer } | null> | undefined;
  const learn = async () => {
    const place = placeOf(await signedLink(PROBE_KEY));
    // One signer serves all uploads: it asks for the credentials at each.
    return place && { place, signer: await config.signer() };
  };

  return async (upload: Upload, options: AttemptOptions): Promise<boolean> => {
    learning ??= learn().catch(() => null);
    const learned = await learning;
    if (learned === null) {
      learning = undefined;
      return false;
    }
    try {
      // The SDK corrects its clock by what a server says that refused a signature.
      const signingDate = new Date(Date.now() + config.systemClockOffset);
      const signed = await learned.signer.sign(requestFor(upload, learned.place), { signingDate });
      return await send(client, signed as Request, options);
    } catch {
      return false;
    }
  };
}

function requestFor({ key, body, sha256, headers }: Upload, { url, path }: Place): Request {
  const { protocol, host, hostname, port } = url;
  return {
    method: 'PUT',
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: path + encodeKey(key),
    query: {},
    // With the hash at hand the signer does not read the body.
    headers: { ...headers, host, 'content-length': String(body.length), 'x-amz-content-sha256': sha256 },
    body,
  };
}

async function send(client: S3Client, request: Request, options: AttemptOptions): Promise<boolean> {
  const { response } = await client.config.requestHandler.handle(request as never, options);
  const body = response.body as Readable;
  // An error's text is not read: the SDK will read the one of its attempt.
  body.on('error', () => undefined).resume();
  return response.statusCode === 200 && response.headers.etag !== undefined;
}

/** null for anything that is not the usual signature. */
function placeOf(link: string): Place | null {
  const url = new URL(link);
  const service = url.searchParams.get('X-Amz-Credential')?.split('/')[3];
  const isUsual = url.searchParams.get('X-Amz-Algorithm') === ALGORITHM && service === 's3';
  if (!isUsual || !url.pathname.endsWith(`/${PROBE_KEY}`)) return null;
  return { url, path: url.pathname.slice(0, -PROBE_KEY.length) };
}

/** As S3 wants it: no normalisation, each byte encoded once, slashes kept. */
function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/%2F/g, '/')
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
