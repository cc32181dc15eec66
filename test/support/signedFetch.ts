/** Sends requests to a store, signed as the SDK does. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { LOCAL_KEYS, type StoreKeys } from '../../local-stack/embedded/localKeys.ts';

export interface ToSign {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Absent: the keys of the embedded store. */
  readonly keys?: StoreKeys;
  /** Absent: now. */
  readonly date?: Date;
  readonly region?: string;
}

/** SHA-256 with the interface that the signer needs. */
function Sha256(secret?: unknown) {
  const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  return {
    update: (data: Uint8Array) => void hash.update(data),
    digest: async () => new Uint8Array(hash.digest()),
    reset: () => undefined,
  };
}

function signerOf({ keys = LOCAL_KEYS, region = 'us-east-1' }: ToSign) {
  return new SignatureV4({
    service: 's3',
    region,
    credentials: keys,
    sha256: Sha256 as unknown as ConstructorParameters<typeof SignatureV4>[0]['sha256'],
    uriEscapePath: false,
  });
}

function requestOf(url: URL, { method = 'GET', headers = {}, body }: ToSign) {
  // Without a prototype, so that a parameter may have the name __proto__.
  const query: Record<string, string[]> = Object.create(null);
  for (const name of url.searchParams.keys()) query[name] = url.searchParams.getAll(name);
  return {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { host: url.host, ...headers },
    ...(body !== undefined && { body }),
  };
}

/** The signed header fields of a request, without `host`, which the caller's HTTP client sets. */
export async function signedHeaders(url: string, toSign: ToSign = {}): Promise<Record<string, string>> {
  const signingDate = toSign.date ?? new Date();
  const { headers } = await signerOf(toSign).sign(requestOf(new URL(url), toSign), { signingDate });
  const { host: _, ...others } = headers;
  return others;
}

export async function signedFetch(url: string, toSign: ToSign = {}): Promise<Response> {
  const { method = 'GET', body } = toSign;
  const headers = await signedHeaders(url, toSign);
  return fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
  });
}

/** A presigned link as of boto3 and the AWS CLI, which does not sign the body. */
export async function signedLink(url: string, expiresIn: number, toSign: ToSign = {}): Promise<string> {
  const signingDate = toSign.date ?? new Date();
  const request = requestOf(new URL(url), toSign);
  const unsigned = {
    ...request,
    headers: { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  };
  const hash = new Set(['x-amz-content-sha256']);
  const { query = {} } = await signerOf(toSign).presign(unsigned, {
    signingDate,
    expiresIn,
    unhoistableHeaders: hash,
    unsignableHeaders: hash,
  });
  const link = new URL(url);
  link.search = '';
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) link.searchParams.append(name, String(each));
  }
  link.search = link.search.replaceAll('+', '%20');
  return link.href;
}
