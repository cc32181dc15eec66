/**
 * Protects the servers of serverless-offline, the API and the Lambda port, with the request guard and limits. It also
 * prevents responses that the gateway on AWS would not send.
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

/** Path of an invocation on the Lambda port. */
const INVOCATION = /^\/\d{4}-\d\d-\d\d\/functions\//;

/** An event has the body as a JSON string, in which one byte may take six. */
const EVENT_MAX_BYTES = 256 * 1024;

/**
 * Limit of the header fields: Node's default limit for request line and fields together (AWS allows 10 KiB). The
 * request line has up to 18 KiB, for a percent-encoded `url` of 2,048 characters of three bytes each.
 */
const FIELDS_MAX_BYTES = 16 * 1024;
const FIELDS_TOO_LARGE = {
  statusCode: 431,
  headers: { 'content-type': 'application/json' },
  // The form of the AWS gateway's own responses.
  body: JSON.stringify({ message: 'Request Header Fields Too Large' }),
};

/**
 * Fields that are removed from the parsed header. serverless-offline allows every origin, with credentials. hapi below
 * it handles ranges, conditions and malformed types itself, and splits some fields in quadratic time. No setting
 * changes this. Both read the parsed header, while the functions get the raw one.
 */
const KEPT_FROM_HAPI = ['origin', 'content-type', 'range', 'if-range', 'if-none-match', 'if-modified-since'];

/** Guards every server that this process opens from now on. Returns a function that counts them. */
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

/** Guards one server: its present listeners get only requests that pass. */
export function guardServer(server: Server, guard: RequestGuard, corsOrigins: CorsOrigins): void {
  boundServer(server);
  const listeners = server.listeners('request');
  const pass = (request: IncomingMessage, response: ServerResponse) => {
    leaveResponsesToTheService(request);
    for (const listener of listeners) Reflect.apply(listener, server, [request, response]);
  };
  const turnAway = (request: IncomingMessage, response: ServerResponse, problem: Problem) => {
    const requestId = refuse(request, response, problem, corsOrigins);
    const { code } = problem;
    console.log(JSON.stringify({ level: 'info', code, status: PROBLEMS[code].status, requestId }));
  };
  const respond = async (request: IncomingMessage, response: ServerResponse, isContinued: boolean) => {
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
    server.on(event, (request, response) => void respond(request, response, isContinued));
  }
}

const bytesOf = (rawHeaders: readonly string[]) => rawHeaders.reduce((sum, text) => sum + text.length, 0);

function leaveResponsesToTheService(request: IncomingMessage): void {
  for (const name of KEPT_FROM_HAPI) delete request.headers[name];
  if (hasBody(request)) request.rawHeaders = withContentType(request.rawHeaders);
}

/**
 * The raw header with exactly one Content-Type. serverless-offline takes a body without a type for JSON. AWS does not,
 * and a web page may send such a body to any origin. RFC 9110 section 8.3 allows treating it as bytes. Several types
 * become an unknown one.
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
