/** Serves the API under `/api/` of the site, so that the console calls its own origin. */
import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Path of the API on the site. */
export const API_PREFIX = '/api/';

/** Start of the service's User-Agent. A caller who chooses the URL of a harvest cannot change its header fields. */
const OWN_USER_AGENT = 'ImageProcessingApi/';

/** A call takes at most 29 s. The stack's Nginx has the same limit. */
const TIMEOUT_MS = 35_000;

/** Fields that belong to one connection (RFC 9110 section 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Forwards one request to the API and sends its response. The status is 502 when the API cannot be reached, and 504
 * when it does not respond for 35 s. These two are plain text, so that they do not look like responses of the API.
 * @param api URL of the API, without a path
 * @param body of `incoming`, which has been read
 */
export function forwardToApi(
  api: string,
  incoming: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void {
  const path = (incoming.url ?? '').slice(API_PREFIX.length - 1);
  // A harvested page must not make the service call its own API.
  if (incoming.headers['user-agent']?.startsWith(OWN_USER_AGENT)) {
    response.writeHead(403).end();
    return;
  }
  // Node's server accepts such a target, but its client throws.
  if (/[^\x21-\x7e]/.test(path)) {
    response.writeHead(400).end();
    return;
  }
  const outgoing = request(new URL(api), {
    method: incoming.method ?? 'GET',
    path,
    headers: withoutHops(incoming.headers),
    timeout: TIMEOUT_MS,
    agent: false,
  });
  const fail = (status: number, text: string) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  };
  outgoing.once('timeout', () => {
    fail(504, 'The API does not respond.');
    outgoing.destroy();
  });
  outgoing.once('error', () => fail(502, 'The API cannot be reached.'));
  outgoing.once('response', (upstream) => {
    const headers = withoutHops(upstream.headers);
    // The API's paths begin at its own root.
    if (headers.location?.startsWith('/')) headers.location = API_PREFIX + headers.location.slice(1);
    response.writeHead(upstream.statusCode ?? 502, headers);
    upstream.once('error', () => response.destroy());
    upstream.pipe(response);
  });
  response.once('close', () => outgoing.destroy());
  outgoing.end(body);
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)),
  );
}
