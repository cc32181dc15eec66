import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { InvocationFacts } from '../../../lib/domain/ports.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import type { HttpEvent } from '../../../lib/http/httpEvent.ts';
import { createHttpHandler } from '../../../lib/http/httpHandler.ts';
import { jsonResponse } from '../../../lib/http/responses.ts';
import { processorTimeWithin } from '../../support/processorTime.ts';
import { createChainServices } from './chainServices.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** A handler that answers with the body it was given, over services that only observe. */
function createEcho(run?: () => never) {
  const emitted: InvocationFacts[] = [];
  const handler = createHttpHandler({
    name: 'post',
    hasBody: true,
    services: createChainServices(emitted),
    run: async ({ body }, _services, { deadline, start }) =>
      run?.() ?? jsonResponse(200, { echo: body, leftMs: Math.round(deadline - start) }),
  });
  const logged = jest.spyOn(console, 'log').mockImplementation(() => {});
  const call = async (event: HttpEvent, context: object = {}) => {
    const response = await handler(event, context as never);
    const line = JSON.parse(String(logged.mock.lastCall?.[0])) as Record<string, unknown>;
    return { response, body: JSON.parse(response.body || 'null') as Record<string, unknown>, line };
  };
  return { call, emitted };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the handler chain', () => {
  it('gives the operation the parsed body and the time that Lambda leaves', async () => {
    const { call, emitted } = createEcho();
    const event = { headers: JSON_TYPE, body: '{"url":"x"}' };
    const { body, line } = await call(event, { getRemainingTimeInMillis: () => 1_234, awsRequestId: 'id' });
    expect(body).toEqual({ echo: { url: 'x' }, leftMs: 1_234 });
    expect(line).toMatchObject({
      level: 'info',
      operation: 'post',
      code: 'OK',
      status: 200,
      requestId: 'id',
    });
    expect(emitted).toMatchObject([{ operation: 'post', outcome: 'OK' }]);
  });

  it.each<[string, HttpEvent]>([
    ['no body', {}],
    ['a body of another type', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ])('answers OPTIONS whatever the operation is: %s', async (_, event) => {
    const { call, emitted } = createEcho();
    const options = { ...event, requestContext: { http: { method: 'OPTIONS' } } };
    const { response, line } = await call(options);
    expect([response.statusCode, response.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, POST, PUT']);
    expect([line.operation, emitted]).toEqual(['options', []]);
  });

  it.each<[string, HttpEvent]>([
    ['base64', { headers: JSON_TYPE, body: btoa('{"url":"x"}'), isBase64Encoded: true }],
    [
      'another case of the header',
      { headers: { 'Content-Type': 'application/json; charset=UTF-8' }, body: '{"url":"x"}' },
    ],
    [
      'blanks around the semicolon',
      { headers: { 'content-type': 'application/json ; charset=utf-8' }, body: '{"url":"x"}' },
    ],
    [
      'multi-value headers only',
      { multiValueHeaders: { 'content-TYPE': ['application/json'] }, body: '{"url":"x"}' },
    ],
    ['a JSON-based type', { headers: { 'content-type': 'application/ld+json' }, body: '{"url":"x"}' }],
    ['exactly 16 KiB', { headers: JSON_TYPE, body: '{"url":"x"}'.padEnd(16 * 1024) }],
  ])('understands %s', async (_, event) => {
    expect((await createEcho().call(event)).body).toMatchObject({ echo: { url: 'x' } });
  });

  it.each<[string, string, HttpEvent]>([
    ['no body', 'BODY_INVALID', { headers: JSON_TYPE }],
    ['nothing at all', 'BODY_INVALID', {}],
    ['null headers', 'BODY_INVALID', { headers: null, body: null }],
    ['a blank body', 'BODY_INVALID', { headers: JSON_TYPE, body: ' \n' }],
    ['text that is no JSON', 'BODY_INVALID', { headers: JSON_TYPE, body: '{"url":' }],
    ['a trailing comma', 'BODY_INVALID', { headers: JSON_TYPE, body: '{"url":"x",}' }],
    ['a byte order mark', 'BODY_INVALID', { headers: JSON_TYPE, body: '\ufeff{}' }],
    ['NaN', 'BODY_INVALID', { headers: JSON_TYPE, body: 'NaN' }],
    ['a prototype', 'BODY_INVALID', { headers: JSON_TYPE, body: '{"__proto__":{"url":"x"}}' }],
    ['a body that is no string', 'BODY_INVALID', { headers: JSON_TYPE, body: { url: 'x' } }],
    ['16 KiB and a byte', 'BODY_TOO_LARGE', { headers: JSON_TYPE, body: '{}'.padEnd(16 * 1024 + 1) }],
    ['16 KiB and a byte in UTF-8', 'BODY_TOO_LARGE', { headers: JSON_TYPE, body: 'é'.repeat(8 * 1024 + 1) }],
    ['six megabytes of brackets', 'BODY_TOO_LARGE', { headers: JSON_TYPE, body: '['.repeat(6e6) }],
    ['no type', 'MEDIA_TYPE_UNSUPPORTED', { headers: {}, body: '{}' }],
    ['text', 'MEDIA_TYPE_UNSUPPORTED', { headers: { 'content-type': 'text/plain' }, body: '{}' }],
    [
      'a form',
      'MEDIA_TYPE_UNSUPPORTED',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{}' },
    ],
    [
      'UTF-16',
      'MEDIA_TYPE_UNSUPPORTED',
      { headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{}' },
    ],
  ])('answers %s with %s', async (_, code, event) => {
    const { response, body } = await createEcho().call(event);
    expect(body).toMatchObject({ code, status: response.statusCode });
    expect(response.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset=utf-16; charset=utf-8',
    'application/json; charset = "latin1"',
    'application/json; CHARSET=utf-8"',
    'application/json; charset=',
    'application/json, text/plain',
  ])('does not take a body for JSON in UTF-8 that says %s', async (type) => {
    const { body } = await createEcho().call({ headers: { 'content-type': type }, body: '{}' });
    expect(body).toMatchObject({ code: 'MEDIA_TYPE_UNSUPPORTED' });
  });

  it.each([
    'application/json; charset="UTF-8"',
    'application/json;charset=utf8',
    'application/json\t;\tcharset = utf-8 ; version=1',
    'application/json;',
  ])('takes a body for JSON in UTF-8 that says %s', async (type) => {
    const { response } = await createEcho().call({ headers: { 'content-type': type }, body: '{}' });
    expect(response.statusCode).toBe(200);
  });

  it.each([' ', '\t', ';', ' ;', '; ', ';charset', ';charset=', '"', '=', 'a', '+', ','])(
    'reads a Content-Type of 64 KiB without a stall: of %j',
    async (piece) => {
      const { call } = createEcho();
      const text = piece.repeat((64 * 1024) / piece.length);
      for (const type of [`a${text}b`, `application/json;a${text}b`, `application/a${text}+json`]) {
        const event = { headers: { 'content-type': type }, body: '{}' };
        expect(await processorTimeWithin(50, () => call(event))).toBeLessThan(50);
      }
    },
  );

  it('answers a problem with its status, reason, upstream status and Retry-After', async () => {
    const facts = { detail: 'd', reason: 'status', upstreamStatus: 503, retryAfterSeconds: 7 } as const;
    const { call, emitted } = createEcho(() => {
      throw new Problem('PAGE_UNREACHABLE', { ...facts, cause: new Error('10.0.0.1 said no') });
    });
    const { response, body, line } = await call({ headers: JSON_TYPE, body: '{}' });
    expect(response).toMatchObject({ statusCode: 502, headers: { 'retry-after': '7' } });
    expect(body).toEqual({
      type: 'about:blank',
      title: 'The page could not be read',
      status: 502,
      detail: 'd',
      code: 'PAGE_UNREACHABLE',
      reason: 'status',
      upstreamStatus: 503,
    });
    expect(line).toMatchObject({ level: 'info', code: 'PAGE_UNREACHABLE', cause: '10.0.0.1 said no' });
    expect(emitted).toMatchObject([{ outcome: 'PAGE_UNREACHABLE' }]);
  });

  it('tells the log why the storage failed, and only the log', async () => {
    const { call } = createEcho(() => {
      throw new Problem('STORAGE_UNAVAILABLE', { detail: 'd', cause: new Error('10.0.0.1 said no') });
    });
    const { response, line } = await call({ headers: JSON_TYPE, body: '{}' });
    expect(response.body).not.toContain('10.0.0.1');
    expect(line).toMatchObject({ level: 'error', cause: expect.stringContaining('10.0.0.1 said no') });
  });

  it('answers a bug as INTERNAL and tells its cause to the log alone', async () => {
    const { call, emitted } = createEcho(() => {
      throw new TypeError('secret of the house');
    });
    const { response, line } = await call({ headers: JSON_TYPE, body: '{}' });
    expect(response.statusCode).toBe(500);
    expect(response.body).toContain('"INTERNAL"');
    expect(response.body).not.toContain('secret');
    expect(line).toMatchObject({ level: 'error', cause: expect.stringContaining('secret of the house') });
    expect(emitted).toMatchObject([{ outcome: 'INTERNAL' }]);
  });
});
