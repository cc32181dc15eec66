/** What belongs to every answer, and the one line that the log gets of it. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { InvocationFacts } from '../../../lib/domain/ports.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { createHttpHandler } from '../../../lib/http/httpHandler.ts';
import { jsonResponse } from '../../../lib/http/responses.ts';
import { startHostileService } from '../../deep/hostile/support/hostileService.ts';
import { answer as rawAnswer } from '../web/rawServer.ts';
import { createChainServices } from './chainServices.ts';

const SAFETY = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

afterEach(() => {
  jest.restoreAllMocks();
});

const handlerOf = (run: Parameters<typeof createHttpHandler>[0]['run']) =>
  createHttpHandler({ name: 'get', hasBody: false, services: createChainServices(), run });

describe('every answer', () => {
  const runs: readonly [string, number, Parameters<typeof createHttpHandler>[0]['run']][] = [
    ['a success', 200, async () => jsonResponse(200, {})],
    ['a 304', 304, async () => ({ statusCode: 304, headers: { etag: '"a"' }, body: '' })],
    [
      'a problem',
      404,
      async () => {
        throw new Problem('PAGE_NOT_FOUND', { detail: 'd' });
      },
    ],
    [
      'a bug',
      500,
      async () => {
        throw new TypeError('t');
      },
    ],
  ];

  it.each(runs)('has the request id and the headers for browsers: %s', async (_, status, run) => {
    const logged = jest.spyOn(console, 'log').mockImplementation(() => {});
    const response = await handlerOf(run)({}, { awsRequestId: 'the-id' } as never);
    expect(response.statusCode).toBe(status);
    expect(response.headers).toMatchObject({ ...SAFETY, 'x-request-id': 'the-id' });
    expect(logged).toHaveBeenCalledTimes(1);
    expect(JSON.parse(String(logged.mock.lastCall?.[0]))).toMatchObject({ requestId: 'the-id', status });
  });

  it('has no request id where nobody gave one', async () => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
    const response = await handlerOf(async () => jsonResponse(200, {}))({}, {} as never);
    expect(response.headers).not.toHaveProperty('x-request-id');
    expect(response.headers).toMatchObject(SAFETY);
  });
});

describe('a method beside GET, POST and PUT', () => {
  const eventOf = (method: string) => ({ requestContext: { http: { method } } });

  it.each([
    ['payload 2.0', eventOf('OPTIONS')],
    ['payload 1.0', { httpMethod: 'OPTIONS' }],
  ])('OPTIONS is 204 with what may be asked, and nothing is done or counted: %s', async (_, event) => {
    const logged = jest.spyOn(console, 'log').mockImplementation(() => {});
    const emitted: InvocationFacts[] = [];
    const run = jest.fn(async () => jsonResponse(200, {}));
    const services = createChainServices(emitted);
    const handler = createHttpHandler({ name: 'get', hasBody: false, services, run });
    const response = await handler(event, { awsRequestId: 'the-id' } as never);
    expect(response).toEqual({
      statusCode: 204,
      headers: {
        allow: 'GET, HEAD, OPTIONS, POST, PUT',
        'cache-control': 'no-store',
        'x-request-id': 'the-id',
        ...SAFETY,
      },
      body: '',
    });
    expect(run).not.toHaveBeenCalled();
    expect(emitted).toEqual([]);
    const line = JSON.parse(String(logged.mock.lastCall?.[0]));
    expect(line).toMatchObject({ level: 'info', operation: 'options', code: 'OK', status: 204 });
  });

  it('HEAD is answered as GET: the server that sends it leaves the body out', async () => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
    const handler = handlerOf(async () => jsonResponse(200, { a: 1 }, { etag: '"e"' }));
    const [get, head] = [
      await handler(eventOf('GET'), {} as never),
      await handler(eventOf('HEAD'), {} as never),
    ];
    expect(head).toEqual(get);
    expect(head.headers).toMatchObject({ etag: '"e"' });
  });
});

describe('the log line', () => {
  it('has the level, the operation, the code, the time, the host and the counts, in this order', async () => {
    const logged = jest.spyOn(console, 'log').mockImplementation(() => {});
    const handler = handlerOf(async (_event, _services, call) => {
      call.urlHost = 'site.test:8080';
      call.measures.discovered = 3;
      return jsonResponse(200, {});
    });
    await handler({}, { awsRequestId: 'the-id' } as never);
    const line = JSON.parse(String(logged.mock.lastCall?.[0])) as Record<string, unknown>;
    expect(Object.keys(line)).toEqual([
      'level',
      'operation',
      'code',
      'status',
      'durationMs',
      'requestId',
      'urlHost',
      'discovered',
    ]);
    expect(line).toMatchObject({ level: 'info', code: 'OK', urlHost: 'site.test:8080', discovered: 3 });
  });

  it('never has the path, the query or the body, whatever goes wrong with the page', async () => {
    await using service = await startHostileService({
      respond: (socket, head) => {
        if (head.includes('/cut')) {
          socket.destroy();
          return;
        }
        const status = head.includes('/status') ? 500 : 200;
        const headers = {
          'Content-Type': 'text/html',
          ...(head.includes('/loop') && { Location: '/loop-s3cret' }),
        };
        socket.write(rawAnswer(head.includes('/loop') ? 302 : status, headers, '<img src=/i-s3cret.png>'));
      },
    });
    for (const path of ['/good', '/cut', '/status', '/loop']) {
      await service.post(service.url(`${path}/s3cret?token=s3cret#s3cret`));
      await service.put(service.url(`${path}/s3cret?token=s3cret`));
      await service.get(service.url(`${path}/s3cret?token=s3cret`));
    }
    await service.post(service.url('/?token=s3cret', 'nowhere.test'));
    await service.post('http://user:s3cret@good.test/');
    await service.send('POST', { headers: { 'content-type': 'text/s3cret' }, body: 's3cret' });
    const lines = service.lines();
    expect(lines).toHaveLength(15);
    const codes = new Set(lines.map((line) => JSON.parse(line).code as string));
    expect([...codes]).toEqual(
      expect.arrayContaining([
        'OK',
        'PAGE_UNREACHABLE',
        'PAGE_NOT_FOUND',
        'URL_INVALID',
        'MEDIA_TYPE_UNSUPPORTED',
      ]),
    );
    expect(lines.filter((line) => line.includes('s3cret'))).toEqual([]);
  });
});
