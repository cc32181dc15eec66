/** A small file server for the console and for the sample site, which can be harvested without the internet. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import type { CorsOrigins } from '../../lib/config.ts';
import { BODY_MAX_BYTES, bodyTooLarge } from '../../lib/http/bodyLimit.ts';
import { API_PREFIX, forwardToApi } from './apiProxy.ts';
import { CONSOLE_PREFIX, consoleHeaders } from './consoleHeaders.ts';
import { REFERENCE_HEADERS, REFERENCE_PREFIX } from './referenceHeaders.ts';
import { refuse } from './refusal.ts';
import { createRequestGuard } from './requestGuard.ts';
import { boundServer } from './serverBounds.ts';
import { readBody } from './wholeBody.ts';

/** Content types by extension. Other files are not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.bmp': 'image/bmp',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.yaml': 'application/yaml',
};

/** A page with several versions, each in a folder below. The URL shows one of them; a POST to `next` shows the next. */
const CHANGING = '/sample/changing/';

export interface SiteConfig {
  /** Folder whose files are served. */
  readonly folder: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Names of the server beside `localhost` and `host`. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may send requests. */
  readonly corsOrigins?: CorsOrigins;
  /** Absent: only files are served. */
  readonly console?: {
    /** URL of the API, which the site then also has under `/api/`. */
    readonly api: string;
    /** Origin to which presigned links lead. */
    readonly storeOrigin: string;
  };
}

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

interface SiteResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** Serves the files in `folder` for GET and HEAD, with ETag, Last-Modified and 304. A folder is its `index.html`. */
export async function startSite(config: SiteConfig): Promise<Site> {
  const { folder, host, port, corsOrigins, console } = config;
  const guard = createRequestGuard(config);
  const versions = await listVersions(join(folder, CHANGING));
  let shown = 0;
  let siteUrl = '';
  const server = createServer((request, response) => {
    const refusal = guard(request);
    if (refusal !== null) {
      refuse(request, response, refusal, corsOrigins);
      return;
    }
    if (console !== undefined && request.url?.startsWith(API_PREFIX)) {
      readBody(request, BODY_MAX_BYTES).then((body) => {
        if (body === null) refuse(request, response, bodyTooLarge(), corsOrigins);
        else forwardToApi(console.api, request, body, response);
      });
      return;
    }
    responseTo(request).then(
      (result) => send(request, response, result),
      () => send(request, response, { status: 500 }),
    );
  });
  const responseTo = async (request: IncomingMessage): Promise<SiteResponse> => {
    const path = decodePath(request.url ?? '/');
    if (path === null) return { status: 400 };
    if (path === `${CHANGING}next` && versions.length > 0) {
      if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
      shown = (shown + 1) % versions.length;
      return json({ version: versions[shown] });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, headers: { Allow: 'GET, HEAD' } };
    }
    if (console !== undefined) {
      if (path === '/') return { status: 302, headers: { Location: CONSOLE_PREFIX } };
      if (path === `${CONSOLE_PREFIX}site.json`) return json({ sampleBase: `${siteUrl}/sample/` });
    }
    const isChanging = path.startsWith(CHANGING) && versions.length > 0;
    const file = isChanging ? `${CHANGING}${versions[shown]}/${path.slice(CHANGING.length)}` : path;
    const result = await fileResponse(request, folder, file, isChanging);
    if (path.startsWith(REFERENCE_PREFIX)) {
      return { ...result, headers: { ...result.headers, ...REFERENCE_HEADERS } };
    }
    if (console === undefined || !path.startsWith(CONSOLE_PREFIX)) return result;
    return { ...result, headers: { ...result.headers, ...consoleHeaders(console.storeOrigin) } };
  };
  boundServer(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  siteUrl = `http://localhost:${actualPort}`;
  return {
    url: siteUrl,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listVersions(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** The decoded path; null when no file can have it. The URL parser has resolved `..` segments. */
function decodePath(target: string): string | null {
  const url = URL.parse(target, 'http://localhost');
  if (url === null) return null;
  try {
    const path = decodeURIComponent(url.pathname);
    return /[\p{Cc}\\]/u.test(path) ? null : path;
  } catch {
    return null;
  }
}

async function fileResponse(
  request: IncomingMessage,
  folder: string,
  path: string,
  isChanging: boolean,
): Promise<SiteResponse> {
  const segments = path.split('/');
  // With an empty segment, a redirect to the path would lead to another host.
  const isHidden = segments.slice(1, -1).includes('') || segments.some((segment) => segment.startsWith('.'));
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
  if (isHidden || !file.startsWith(folder + sep)) return { status: 404 };
  const facts = await stat(file).catch(() => null);
  if (facts?.isDirectory()) {
    return { status: 301, headers: { Location: `${segments.map(encodeURIComponent).join('/')}/` } };
  }
  const contentType = CONTENT_TYPES[extname(file).toLowerCase()];
  if (!facts?.isFile() || contentType === undefined) return { status: 404 };

  const body = await readFile(file);
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
  const lastModified = new Date(facts.mtimeMs).toUTCString();
  const headers = {
    'Content-Type': contentType,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    ETag: etag,
    // Two versions of one page may have the same time.
    ...(!isChanging && { 'Last-Modified': lastModified }),
  };
  const isUnchanged = isNotModified(request, etag, isChanging ? undefined : lastModified);
  return isUnchanged ? { status: 304, headers } : { status: 200, headers, body };
}

/** Whether the client's copy is current. If-None-Match alone decides when it is sent (RFC 9110 section 13.2.2). */
function isNotModified(request: IncomingMessage, etag: string, lastModified: string | undefined): boolean {
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(etag);
  }
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  return lastModified !== undefined && Date.parse(lastModified) <= since;
}

function json(value: unknown): SiteResponse {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: `${JSON.stringify(value)}\n`,
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: SiteResponse,
): void {
  const content = status === 304 ? '' : (body ?? `${status}\n`);
  response.writeHead(status, {
    ...(body === undefined && status !== 304 && { 'Content-Type': 'text/plain; charset=utf-8' }),
    ...(status !== 304 && { 'Content-Length': Buffer.byteLength(content) }),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : content);
  request.resume();
}
