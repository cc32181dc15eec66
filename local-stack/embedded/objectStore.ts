/**
 * The object store of `npm start`: the part of the S3 protocol that this service uses, for one bucket of files. Unlike
 * the emulators on npm, it honours conditional PUT, replaces objects atomically, accepts every key of S3, and checks
 * signatures. It listens on this machine only.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { explainFolder } from '../../lib/folderFaults.ts';
import { PROBLEMS } from '../../lib/http/problems.ts';
import { createRequestGuard, type GuardOptions } from '../front/requestGuard.ts';
import { createAuthenticator, hasClaimedHash } from './authenticate.ts';
import { type FolderLock, lockFolder } from './folderLock.ts';
import { LOCAL_KEYS, type StoreKeys } from './localKeys.ts';
import { type ObjectFacts, type ObjectFiles, openObjectFiles } from './objectFiles.ts';
import { deletedXml, errorXml, type Listing, listXml, readKeysToDelete } from './s3Xml.ts';

export interface ObjectStoreOptions extends Pick<GuardOptions, 'allowedHosts' | 'corsOrigins'> {
  /** 0: any free port. */
  readonly port: number;
  /** Folder of the objects, which is kept across restarts and created if need be. */
  readonly directory: string;
  /** Name of the one bucket, which always exists. */
  readonly bucket: string;
  readonly host?: string;
  /** Keys with which requests must be signed. Absent: `LOCAL_KEYS`. */
  readonly keys?: StoreKeys;
  /** The store's clock, in milliseconds since 1970. Absent: the clock of this machine. */
  readonly now?: () => number;
  /** Largest difference between the clocks of a client and of the store. Absent: 15 minutes, as on AWS. */
  readonly clockSkewMs?: number;
}

export interface ObjectStore {
  readonly endpoint: string;
  /** Ends every connection. All confirmed writes are on disk. */
  close(): Promise<void>;
}

/** The largest `IMAGE_MAX_BYTES` that the settings allow. */
const OBJECT_MAX_BYTES = 1024 * 1024 * 1024;
/** Error codes of a full file system. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const LIST_MAX_KEYS = 1_000;

/** The keys that the service writes. Any other key is a mistake or an attack. */
const OWN_KEYS = /^(?:images|pages|checks)\/./;

interface Serving {
  readonly bucket: string;
  readonly files: ObjectFiles;
  readonly authenticate: ReturnType<typeof createAuthenticator>;
}

interface StoreResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

interface Call {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly files: ObjectFiles;
}

/**
 * Starts the store.
 * @throws Error with code `EADDRINUSE` when the port is taken; with one sentence when the folder cannot be used
 */
export async function startObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { port, directory, bucket, host = '127.0.0.1', keys = LOCAL_KEYS, now = Date.now } = options;
  const server = createServer();
  await listen(server, port, host);
  const listeningOn = (server.address() as AddressInfo).port;
  let folder: OpenFolder;
  try {
    folder = openFolder(directory, bucket, listeningOn);
  } catch (error) {
    server.close();
    throw error;
  }
  const { files, lock } = folder;
  const serving: Serving = { bucket, files, authenticate: createAuthenticator(keys, options) };
  // The console shows pictures by presigned links, which for a browser belong to another origin.
  const guard = createRequestGuard({ ...options, host, isShownElsewhere: true });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('date', new Date(now()).toUTCString());
    const refusal = guard(request);
    if (refusal !== null) {
      send(request, response, failure(PROBLEMS[refusal.code].status, refusal.code, refusal.detail));
      return;
    }
    void respondTo(request, serving)
      .catch((error: unknown) => {
        console.error('Object store:', error);
        const isFull = error instanceof Error && 'code' in error && FULL.has(String(error.code));
        // The status and code of MinIO.
        if (isFull) return failure(507, 'XMinioStorageFull', 'The disk is full.');
        return failure(500, 'InternalError', 'See the log.');
      })
      .then((result) => send(request, response, result));
  });
  return {
    endpoint: `http://${host}:${listeningOn}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          lock.release();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface OpenFolder {
  readonly files: ObjectFiles;
  readonly lock: FolderLock;
}

/** Locks and opens the folder: two stores on one folder would not know of each other's objects. */
function openFolder(directory: string, bucket: string, port: number): OpenFolder {
  const holder = `an object store (process ${process.pid}, port ${port})`;
  const remedy = 'choose another folder with LOCAL_DATA';
  const lock = lockFolder(directory, { holder, remedy });
  try {
    return { files: openObjectFiles(join(directory, bucket)), lock };
  } catch (error) {
    lock.release();
    throw explainFolder(directory, error, remedy);
  }
}

async function respondTo(
  request: IncomingMessage,
  { bucket, files, authenticate }: Serving,
): Promise<StoreResponse> {
  const url = URL.parse(request.url ?? '', 'http://store');
  const path = url === null ? null : decodePath(url.pathname);
  if (url === null || path === null) return failure(400, 'InvalidURI', 'The path cannot be parsed.');
  const [, name, key = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
  const { method = '', headers } = request;
  const refusal = await authenticate({ method, target: request.url ?? '', headers });
  if (refusal !== null) return failure(403, refusal.code, refusal.message);
  if (name !== bucket) return failure(404, 'NoSuchBucket', 'The bucket does not exist.');
  const call = { request, url, key, files };
  return key === '' ? bucketResponse(call) : objectResponse(call);
}

async function bucketResponse({ request, url, files }: Call): Promise<StoreResponse> {
  if (request.method === 'HEAD' || request.method === 'PUT') return { status: 200 };
  if (request.method === 'GET' && url.searchParams.get('list-type') === '2') return list(url, files);
  if (request.method === 'POST' && url.searchParams.has('delete')) {
    const body = await readBody(request);
    if (body !== null && !hasClaimedHash(request.headers, body)) return otherBody();
    const keys = readKeysToDelete(body?.toString() ?? '');
    if (keys === null || keys.length > LIST_MAX_KEYS)
      return failure(400, 'MalformedXML', 'Give 1 to 1,000 keys.');
    for (const key of keys) await files.remove(key);
    return xml(200, deletedXml());
  }
  return failure(405, 'MethodNotAllowed', 'This store does not support this request.');
}

function list({ searchParams }: URL, files: ObjectFiles): StoreResponse {
  const prefix = searchParams.get('prefix') ?? '';
  const token = searchParams.get('continuation-token');
  const after =
    token === null ? (searchParams.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const limit = Math.min(Number(searchParams.get('max-keys') ?? LIST_MAX_KEYS), LIST_MAX_KEYS);
  if (!(limit >= 1)) return failure(400, 'InvalidArgument', 'max-keys must be at least 1.');
  const found = files.list(prefix, after, limit + 1);
  const objects = found.slice(0, limit);
  const last = objects.at(-1);
  const response: Listing = {
    prefix,
    objects,
    ...(found.length > limit && last && { next: Buffer.from(last.key).toString('base64url') }),
  };
  return xml(200, listXml(response));
}

async function objectResponse(call: Call): Promise<StoreResponse> {
  switch (call.request.method) {
    case 'PUT':
      return put(call);
    case 'GET':
    case 'HEAD':
      return get(call);
    case 'DELETE':
      await call.files.remove(call.key);
      return { status: 204 };
    default:
      return failure(405, 'MethodNotAllowed', 'This store does not support this request.');
  }
}

async function put({ request, key, files }: Call): Promise<StoreResponse> {
  if (!isOwnKey(key))
    return failure(400, 'InvalidArgument', 'This store accepts only keys in images/, pages/ and checks/.');
  const { headers } = request;
  if (headers['x-amz-copy-source'] !== undefined || headers['content-encoding']?.includes('aws-chunked')) {
    return failure(400, 'InvalidRequest', 'Send the bytes themselves: no copy source, no aws-chunked.');
  }
  const body = await readBody(request);
  if (body === null) return failure(400, 'EntityTooLarge', 'The object is too large.');
  if (!hasClaimedHash(headers, body)) return otherBody();

  let refusal: StoreResponse | null = null;
  const disposition = headers['content-disposition'];
  const content = {
    body,
    contentType: headers['content-type'] ?? 'application/octet-stream',
    ...(disposition !== undefined && { contentDisposition: disposition }),
  };
  const facts = await files.write(key, content, (current) => {
    refusal = refusalOf(headers['if-match'], headers['if-none-match'], current);
    return refusal === null;
  });
  return facts === undefined
    ? (refusal ?? failure(500, 'InternalError', 'See the log.'))
    : { status: 200, headers: { etag: facts.etag } };
}

/** The refusal of a conditional write, by `If-None-Match: *` or `If-Match` with one ETag (RFC 9110 section 13.1). */
function refusalOf(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
  current: ObjectFacts | undefined,
): StoreResponse | null {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') return failure(501, 'NotImplemented', 'If-None-Match accepts only *.');
    if (current !== undefined) return preconditionFailed();
  }
  if (ifMatch !== undefined) {
    if (current === undefined) return failure(404, 'NoSuchKey', 'The object does not exist.');
    if (ifMatch.trim() !== '*' && bareTag(ifMatch) !== bareTag(current.etag)) return preconditionFailed();
  }
  return null;
}

function otherBody(): StoreResponse {
  return failure(400, 'XAmzContentSHA256Mismatch', 'The body is not the one that was signed.');
}

function preconditionFailed(): StoreResponse {
  return failure(412, 'PreconditionFailed', 'The condition does not hold.');
}

/** The ETag without quotes, which some clients omit. */
function bareTag(etag: string): string {
  return etag.trim().replace(/^"(.*)"$/, '$1');
}

async function get({ request, key, files }: Call): Promise<StoreResponse> {
  const found = await files.read(key);
  if (found === undefined) return failure(404, 'NoSuchKey', 'The object does not exist.');
  const { facts, body } = found;
  const headers = {
    etag: facts.etag,
    'last-modified': new Date(facts.lastModified).toUTCString(),
    'content-type': facts.contentType,
    // A browser must not run as a script what is stored as an image.
    'x-content-type-options': 'nosniff',
    ...(facts.contentDisposition && { 'content-disposition': facts.contentDisposition }),
  };
  if (request.headers['if-none-match'] === facts.etag) return { status: 304, headers };
  return { status: 200, headers, body };
}

/** Whether the store accepts the key. It refuses the keys that MinIO refuses, so that such a fault shows here too. */
function isOwnKey(key: string): boolean {
  return (
    OWN_KEYS.test(key) &&
    !/[\p{Cc}\\]/u.test(key) &&
    Buffer.byteLength(key) <= 1_024 &&
    key
      .split('/')
      .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255)
  );
}

/** The body; null when it is larger than `OBJECT_MAX_BYTES`. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > OBJECT_MAX_BYTES) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function decodePath(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body = '' }: StoreResponse,
): void {
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && status !== 304 && { 'content-length': String(Buffer.byteLength(body)) }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function failure(status: number, code: string, message: string): StoreResponse {
  return xml(status, errorXml(code, message));
}

function xml(status: number, body: string): StoreResponse {
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
