/**
 * What stands before the servers of serverless-offline, the API and the Lambda port: the guard, the bounds, and what
 * keeps the gateway of this machine from giving answers that the one on AWS does not give.
 */
import { subscribe } from 'node:diagnostics_channel';
import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import type { CorsOrigins } from '../../lib/config.ts';
import type { Problem } from '../../lib/domain/problem.ts';
import { BODY_MAX_BYTES, bodyTooLarge } from '../../lib/http/bodyLimit.ts';
import { PROBLEMS } from '../../lib/http/problems.ts';
import { refuse, send } from '../front/refusal.ts';
import type { RequestGuard } from '../front/requestGuard.ts';
import { boundServer } from '../front/serverBounds.ts';
import { hasBody, readBody, withBody } from '../front/wholeBody.ts';

/** Where the Lambda port takes invocations. */
const INVOCATION = /^\/\d{4}-\d\d-\d\d\/functions\//;

/** An event holds the body as JSON text, in which one byte may take six. */
const EVENT_MAX_BYTES = 256 * 1024;

/**
 * The request line has up to 18 KiB: a `url` of 2,048 characters of three bytes each, percent-encoded. The fields
 * have what Node allows both together by default; on AWS they have 10 KiB.
 */
const FIELDS_MAX_BYTES = 16 * 1024;
const FIELDS_TOO_LARGE = {
  statusCode: 431,
  headers: { 'content-type': 'application/json' },
  // As the gateway on AWS spells its own answers.
  body: JSON.stringify({ message: 'Request Header Fields Too Large' }),
};

/**
 * serverless-offline allows every origin that asks, with credentials, and hapi below it answers ranges, conditions and
 * malformed types by itself; no setting says otherwise. Both look at the parsed headers; the functions are given the
 * raw ones. hapi also splits some of these in quadratic time.
 */
const KEPT_FROM_HAPI = ['origin', 'content-type', 'range', 'if-range', 'if-none-match', 'if-modified-since'];

/** Guards every server that this process opens from now on. Returns how many there are so far. */
export function guardServers(guard: RequestGuard, corsOrigins: CorsOrigins): () => number {
  let count = 0;
  subscribe('tracing:net.server.listen:asyncStart', (message) => {
    const { server } = message as { readonly server: unknown };
    if (!(server instanceof Server)) return;
    guardServer(server, guard, corsOrigins);
    count += 1;
  });
  return () => count;
}

/** Stands before the listeners that `server` has. */
export function guardServer(server: Server, guard: RequestGuard, corsOrigins: CorsOrigins): void {
  boundServer(server);
  const listeners = server.listeners('request');
  const pass = (request: IncomingMessage, response: ServerResponse) => {
    leaveAnswersToTheService(request);
    for (const listener of listeners) Reflect.apply(listener, server, [request, response]);
  };
  const turnAway = (request: IncomingMessage, response: ServerResponse, problem: Problem) => {
    const requestId = refuse(request, response, problem, corsOrigins);
    const { code } = problem;
    console.log(JSON.stringify({ level: 'info', code, status: PROBLEMS[code].status, requestId }));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse, isContinued: boolean) => {
    const refusal = guard(request);
    if (refusal !== null) return turnAway(request, response, refusal);
    if (bytesOf(request.rawHeaders) > FIELDS_MAX_BYTES) return send(request, response, FIELDS_TOO_LARGE);
    if (!hasBody(request)) return pass(request, response);
    const maxBytes = INVOCATION.test(request.url ?? '') ? EVENT_MAX_BYTES : BODY_MAX_BYTES;
    const body = await readBody(request, maxBytes, isContinued ? response : undefined);
    if (body === null) return turnAway(request, response, bodyTooLarge());
    pass(withBody(request, body), response);
  };
  for (const [event, isContinued] of [
    ['request', false],
    ['checkContinue', true],
  ] as const) {
    server.removeAllListeners(event);
    server.on(event, (request, response) => void answer(request, response, isContinued));
  }
}

const bytesOf = (rawHeaders: readonly string[]) => rawHeaders.reduce((sum, text) => sum + text.length, 0);

function leaveAnswersToTheService(request: IncomingMessage): void {
  for (const name of KEPT_FROM_HAPI) delete request.headers[name];
  if (hasBody(request)) request.rawHeaders = withContentType(request.rawHeaders);
}

/**
 * serverless-offline takes a body without a type for JSON. AWS does not, and a web page may send such a body to any
 * origin; RFC 9110 section 8.3 allows to take it for bytes. Several types are one that nobody knows.
 */
function withContentType(rawHeaders: readonly string[]): string[] {
  const types: string[] = [];
  const others: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (name.toLowerCase() === 'content-type') types.push(value);
    else others.push(name, value);
  }
  return [...others, 'Content-Type', types.join(', ') || 'application/octet-stream'];
}
