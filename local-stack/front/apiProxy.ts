/** The API below `/api/` of the site, so that the console's calls go to the origin that it came from. */
import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Where the site has the API. */
export const API_PREFIX = '/api/';

/** What the service says it is when it fetches. Nobody who chooses an address chooses the headers too. */
const OWN_USER_AGENT = 'ImageProcessingApi/';

/** A call takes at most 29 s; nothing is waited for without end. As in Nginx of the stack. */
const TIMEOUT_MS = 35_000;

/** RFC 9110 section 7.6.1: they are of one connection. */
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
 * Hands one request on and its answer back: 502 when the API cannot be reached, 504 when it is silent for 35 s. The
 * answers are then plain text, so that nobody takes them for the API's own.
 * @param api URL of the API, without a path
 * @param body that of `incoming`, which has been read
 */
export function forwardToApi(
  api: string,
  incoming: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
): void {
  const path = (incoming.url ?? '').slice(API_PREFIX.length - 1);
  // No page that the service harvests leads it back to its own API.
  if (incoming.headers['user-agent']?.startsWith(OWN_USER_AGENT)) {
    answer.writeHead(403).end();
    return;
  }
  // Node's server takes such a target, its client throws over it.
  if (/[^\x21-\x7e]/.test(path)) {
    answer.writeHead(400).end();
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
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  };
  outgoing.once('timeout', () => {
    fail(504, 'The API does not respond.');
    outgoing.destroy();
  });
  outgoing.once('error', () => fail(502, 'The API cannot be reached.'));
  outgoing.once('response', (response) => {
    const headers = withoutHops(response.headers);
    // The API's paths are of its own root.
    if (headers.location?.startsWith('/')) headers.location = API_PREFIX + headers.location.slice(1);
    answer.writeHead(response.statusCode ?? 502, headers);
    response.once('error', () => answer.destroy());
    response.pipe(answer);
  });
  answer.once('close', () => outgoing.destroy());
  outgoing.end(body);
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)),
  );
}
