/** Refuses a request before its body is read. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CorsOrigins } from '../../lib/config.ts';
import type { Problem } from '../../lib/domain/problem.ts';
import { corsHeaders } from '../../lib/http/cors.ts';
import { type HttpResponse, problemResponse } from '../../lib/http/responses.ts';
import { SAFETY_HEADERS } from '../../lib/http/safetyHeaders.ts';

/** A client may still send after a refusal. It is read for this long, so that it sees the response and not a reset. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 256 * 1024;

/** The problem response of a server, with the same header fields as the functions' responses. */
export function refusalResponse(
  problem: Problem,
  requestId: string,
  request: Pick<IncomingMessage, 'method' | 'headers'>,
  corsOrigins: CorsOrigins = [],
): HttpResponse {
  const { statusCode, headers, body } = problemResponse(problem);
  const event = {
    headers: { origin: request.headers.origin },
    requestContext: { http: { method: request.method ?? '' } },
  };
  return {
    statusCode,
    headers: {
      ...headers,
      'x-request-id': requestId,
      ...SAFETY_HEADERS,
      ...corsHeaders(corsOrigins, event),
    },
    body,
  };
}

/** Sends a refusal and closes the connection. Returns the request id in the response. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  problem: Problem,
  corsOrigins: CorsOrigins = [],
): string {
  const requestId = randomUUID();
  send(request, response, refusalResponse(problem, requestId, request, corsOrigins));
  return requestId;
}

/** Sends `answer` and closes the connection, whether or not the request's body has been read. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { statusCode, headers, body }: HttpResponse,
): void {
  response.writeHead(statusCode, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  if (request.method !== 'HEAD') response.write(body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS).unref();
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > LINGER_BYTES) request.pause();
  });
  request.once('end', end).once('close', end).once('error', end);
  if (request.readableEnded || request.destroyed) end();
  request.resume();
}
