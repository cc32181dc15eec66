/** The Middy chain around an operation: body in, problem+json out, metrics and a log line at the end. */
import middy, { type MiddlewareObj } from '@middy/core';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import type { Context } from 'aws-lambda';
import type { CorsOrigins } from '../config.ts';
import { Problem } from '../domain/problem.ts';
import { type Call, type CallServices, openCall, servicesOf } from '../invocation/call.ts';
import { reportCall } from '../invocation/report.ts';
import { type Answer, optionsAnswer, problemAnswer } from './answers.ts';
import { BODY_MAX_BYTES, bodyTooLarge } from './bodyLimit.ts';
import { corsHeaders } from './cors.ts';
import { bodyBytes, type HttpEvent, headerOf, methodOf } from './httpEvent.ts';
import { bodyInvalid } from './input.ts';
import { SAFETY_HEADERS } from './safetyHeaders.ts';

/** What the chain needs; an operation may need more. */
export interface ChainServices extends CallServices {
  /** Absent means none. */
  readonly corsOrigins?: CorsOrigins;
}

export interface Operation<S> {
  /** Names the operation in metrics and logs. */
  readonly name: 'get' | 'post' | 'put';
  readonly hasBody: boolean;
  /** Made once per process. */
  readonly services: S;
  /** One call. A `Problem` that it throws is answered as such, anything else as `INTERNAL`. */
  readonly run: (event: HttpEvent, services: S, call: Call) => Promise<Answer>;
}

type CallContext = Context & { call?: Call };
type Request = middy.Request<HttpEvent, Answer, Error, CallContext>;
type Link = MiddlewareObj<HttpEvent, Answer, Error, CallContext>;

/**
 * A Lambda handler for HTTP API events (payload 2.0; 1.0 is understood too). It never throws. OPTIONS is answered
 * whatever the operation is; HEAD is answered as GET, since it is the HTTP server that leaves the body of such an
 * answer out and counts its bytes (RFC 9110 section 9.3.2).
 */
export function createHttpHandler<S extends ChainServices>(operation: Operation<S>) {
  const { services, hasBody, run } = operation;
  // `before` runs from the first to the last, `onError` and `after` from the last to the first: the observer
  // opens the call and sees the finished answer.
  const chain = middy<HttpEvent, Answer, Error, CallContext>({ timeoutEarlyInMillis: 0 })
    .use(observeCall(operation))
    .use(addHeaders(services.corsOrigins ?? []))
    .use(answerProblems());
  if (hasBody) chain.use(butForOptions(checkBody())).use(butForOptions(httpJsonBodyParser() as Link));
  return chain.handler((event, { call = openCall(services.clock) }) => {
    if (isOptions(event)) return optionsAnswer();
    return run(event, servicesOf(services, call), call);
  });
}

/** Opens the call, and reports it when it is over. */
function observeCall<S extends ChainServices>({ name, services }: Operation<S>): Link {
  const close = async (
    { event, context, response }: Pick<Request, 'event' | 'context' | 'response'>,
    error?: Error | null,
  ) => {
    const call = context.call ?? openCall(services.clock, context);
    const facts = { status: response?.statusCode };
    const operation = isOptions(event) ? 'options' : name;
    // Of OPTIONS, nothing was done that anybody would want to count.
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

/** What belongs to every answer: the id to look for in the log, and what browsers are told. */
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

function answerProblems(): Link {
  return {
    onError: (request) => {
      request.error = toProblem(request.error);
      request.response = problemAnswer(request.error as Problem);
    },
  };
}

/** OPTIONS has no body to read. */
function butForOptions({ before }: Link): Link {
  return { before: (request) => (isOptions(request.event) ? undefined : before?.(request)) };
}

/** What the parser leaves open: a missing body, its size, the encoding, header names in any case. */
function checkBody(): Link {
  return {
    before: (request) => {
      const { event } = request;
      const contentType = headerOf(event, 'content-type');
      if (bodyBytes(event) > BODY_MAX_BYTES) throw bodyTooLarge();
      if (typeof event.body !== 'string' || event.body.trim() === '') throw bodyInvalid();
      const [type, ...parameters] = contentType?.split(';').map((part) => part.trim()) ?? [];
      if (!parameters.every(isCharsetKnown)) throw wrongType();
      // RFC 9110 section 8.3.1 allows whitespace around the semicolon, the parser does not.
      const plainType = type === undefined ? undefined : [type, ...parameters].join(';');
      request.event = { ...event, headers: { ...event.headers, 'content-type': plainType } };
    },
  };
}

/** The parser throws http errors of its own: 415 for the type, 422 for the text. */
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

/** Of one parameter of a Content-Type: false for a charset that is not UTF-8. */
function isCharsetKnown(parameter: string): boolean {
  const [name = '', ...value] = parameter.split('=').map((part) => part.trim());
  return name.toLowerCase() !== 'charset' || /^(?:"utf-?8"|utf-?8)$/i.test(value.join('='));
}

const isOptions = (event: HttpEvent) => methodOf(event) === 'OPTIONS';

const wrongType = () =>
  new Problem('MEDIA_TYPE_UNSUPPORTED', { detail: 'Send the body as application/json in UTF-8.' });
