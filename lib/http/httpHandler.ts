/** The Middy chain around an operation: it parses the body, answers problems, and reports the call. */
import middy, { type MiddlewareObj } from '@middy/core';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import type { Context } from 'aws-lambda';
import type { CorsOrigins } from '../config.ts';
import { Problem } from '../domain/problem.ts';
import { type Call, type CallServices, openCall, servicesOf } from '../invocation/call.ts';
import { reportCall } from '../invocation/report.ts';
import { BODY_MAX_BYTES, bodyTooLarge } from './bodyLimit.ts';
import { corsHeaders } from './cors.ts';
import { bodyBytes, type HttpEvent, headerOf, methodOf } from './httpEvent.ts';
import { bodyInvalid } from './input.ts';
import { type HttpResponse, optionsResponse, problemResponse } from './responses.ts';
import { SAFETY_HEADERS } from './safetyHeaders.ts';

/** What the chain needs; an operation may need more. */
export interface ChainServices extends CallServices {
  /** Absent: no other origin may read the responses. */
  readonly corsOrigins?: CorsOrigins;
}

export interface Operation<S> {
  /** Names the operation in metrics and logs. */
  readonly name: 'get' | 'post' | 'put';
  readonly hasBody: boolean;
  /** Created once per process. */
  readonly services: S;
  /** The response to one call. A `Problem` that it throws becomes a problem response, any other error `INTERNAL`. */
  readonly run: (event: HttpEvent, services: S, call: Call) => Promise<HttpResponse>;
}

type CallContext = Context & { call?: Call };
type Request = middy.Request<HttpEvent, HttpResponse, Error, CallContext>;
type Link = MiddlewareObj<HttpEvent, HttpResponse, Error, CallContext>;

/**
 * A Lambda handler for HTTP API events (payload 2.0 and 1.0). It never throws, and answers OPTIONS for every operation.
 * HEAD gets the response of GET: the HTTP server omits its body and keeps its Content-Length (RFC 9110 section 9.3.2).
 */
export function createHttpHandler<S extends ChainServices>(operation: Operation<S>) {
  const { services, hasBody, run } = operation;
  // Middy runs `before` from first to last, and `after` and `onError` from last to first. So the observer opens the
  // call first and sees the final response.
  const chain = middy<HttpEvent, HttpResponse, Error, CallContext>({ timeoutEarlyInMillis: 0 })
    .use(observeCall(operation))
    .use(addHeaders(services.corsOrigins ?? []))
    .use(respondToProblems());
  if (hasBody) chain.use(butForOptions(checkBody())).use(butForOptions(httpJsonBodyParser() as Link));
  return chain.handler((event, { call = openCall(services.clock) }) => {
    if (isOptions(event)) return optionsResponse();
    return run(event, servicesOf(services, call), call);
  });
}

/** Opens the call, and reports it at the end. */
function observeCall<S extends ChainServices>({ name, services }: Operation<S>): Link {
  const close = async (
    { event, context, response }: Pick<Request, 'event' | 'context' | 'response'>,
    error?: Error | null,
  ) => {
    const call = context.call ?? openCall(services.clock, context);
    const facts = { status: response?.statusCode };
    const operation = isOptions(event) ? 'options' : name;
    // OPTIONS does no work, so the metrics do not count it.
    await reportCall(services, call, { operation, error, facts, isCounted: operation !== 'options' });
  };
  return {
    before: ({ context }) => {
      context.call = openCall(services.clock, context);
    },
    after: (request) => close(request),
    onError: (request) => close(request, request.error),
  };
}

/** Adds the header fields of every response: the request id, which the log has too, and those for browsers. */
function addHeaders(corsOrigins: CorsOrigins): Link {
  const add = (request: Pick<Request, 'event' | 'context' | 'response'>) => {
    const { event, response, context } = request;
    // Absent in tests and in some local runners.
    const requestId = context.awsRequestId as string | undefined;
    if (response == null) return;
    const headers = {
      ...response.headers,
      ...(requestId && { 'x-request-id': requestId }),
      ...SAFETY_HEADERS,
      ...corsHeaders(corsOrigins, event),
    };
    request.response = { ...response, headers };
  };
  return { after: add, onError: add };
}

function respondToProblems(): Link {
  return {
    onError: (request) => {
      request.error = toProblem(request.error);
      request.response = problemResponse(request.error as Problem);
    },
  };
}

/** OPTIONS has no body to read. */
function butForOptions({ before }: Link): Link {
  return { before: (request) => (isOptions(request.event) ? undefined : before?.(request)) };
}

/** Checks what Middy's parser does not: a missing body, its size, its charset, header names in any case. */
function checkBody(): Link {
  return {
    before: (request) => {
      const { event } = request;
      const contentType = headerOf(event, 'content-type');
      if (bodyBytes(event) > BODY_MAX_BYTES) throw bodyTooLarge();
      if (typeof event.body !== 'string' || event.body.trim() === '') throw bodyInvalid();
      const [type, ...parameters] = contentType?.split(';').map((part) => part.trim()) ?? [];
      if (!parameters.every(isCharsetKnown)) throw wrongType();
      // RFC 9110 section 8.3.1 allows whitespace around the semicolon. The parser does not.
      const plainType = type === undefined ? undefined : [type, ...parameters].join(';');
      request.event = { ...event, headers: { ...event.headers, 'content-type': plainType } };
    },
  };
}

/** The error as a `Problem`. Middy's parser throws HTTP errors: 415 for the type, 422 for text that is not JSON. */
function toProblem(error: Error | null | undefined): Problem {
  if (error instanceof Problem) return error;
  const status =
    error !== null && error !== undefined && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 415) return wrongType();
  if (status === 422) return bodyInvalid();
  return new Problem('INTERNAL', {
    detail:
      'The request is not the cause. Try again. If it fails again, send the operator the x-request-id of this response.',
    cause: error,
  });
}

/** False for a Content-Type parameter that names another charset than UTF-8. */
function isCharsetKnown(parameter: string): boolean {
  const [name = '', ...value] = parameter.split('=').map((part) => part.trim());
  return name.toLowerCase() !== 'charset' || /^(?:"utf-?8"|utf-?8)$/i.test(value.join('='));
}

const isOptions = (event: HttpEvent) => methodOf(event) === 'OPTIONS';

const wrongType = () =>
  new Problem('MEDIA_TYPE_UNSUPPORTED', { detail: 'Send the body as application/json in UTF-8.' });
