/** What the servers of `npm start` refuse before any work: by the caller, the size, and the type. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { onReferenceMachine } from '../../support/processorTime.ts';
import { type App, gatewaysOf, startApp } from '../../support/startApp.ts';
import { until } from '../../support/until.ts';

const NAMED = 'https://app.example.test';
const INVOCATION = '/2015-03-31/functions/image-processing-api-dev-postImages/invocations';
const JSON_TYPE = { 'content-type': 'application/json' };

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let app: App;
/** Process id of serverless-offline. */
let gateway = 0;

beforeAll(async () => {
  app = await startApp({ env: { CORS_ORIGINS: NAMED, ALLOWED_HOSTS: 'machine.lan' } });
  [gateway = 0] = await gatewaysOf(app.child.pid ?? 0);
  const { status } = await send('PORT', 'POST', '/images', JSON_TYPE, JSON.stringify({ url: sample() }));
  expect(status).toBe(201);
});
afterAll(() => app.stop());

const sample = (path = '') => `${app.siteUrl}/sample/${path}`;
const lookUp = (path = '') => `/images?url=${encodeURIComponent(sample(path))}`;

/** The response to one request on a new connection, with exactly these header fields. */
function send(
  port: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port: app.env[port], method, path, headers, agent: false };
    request(target, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    })
      .once('error', reject)
      .end(body);
  });
}

describe.each([
  ['the API', 'PORT', '/images'],
  ['the Lambda port', 'LAMBDA_PORT', INVOCATION],
  ['the site', 'SITE_PORT', '/sample/changing/next'],
  ["the site's way to the API", 'SITE_PORT', '/api/images'],
  ['the object store', 'S3_PORT', '/images/pages/0.json'],
])('%s', (_, port, path) => {
  it.each(['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test'])(
    'is not at home as %s',
    async (host) => {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        const { status, body } = await send(port, method, path, { ...JSON_TYPE, host });
        expect([status, body]).toEqual([421, expect.stringContaining('HOST_UNKNOWN')]);
        expect(body).toContain('ALLOWED_HOSTS');
      }
    },
  );

  it('is at home under the name of the settings', async () => {
    const { status } = await send(port, 'GET', path, { host: 'machine.lan:1' });
    expect(status).not.toBe(421);
  });

  it.each([
    { origin: 'http://localhost:1' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('takes nothing from a page of another origin: %j', async (headers) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const { status, body } = await send(port, method, path, { ...JSON_TYPE, ...headers });
      expect([status, body]).toEqual([403, expect.stringContaining('ORIGIN_FORBIDDEN')]);
      expect(body).toContain('CORS_ORIGINS');
    }
  });

  it('knows a page that the settings name', async () => {
    const { body } = await send(port, 'GET', path, { origin: NAMED, 'sec-fetch-site': 'cross-site' });
    expect(body).not.toContain('ORIGIN_FORBIDDEN');
  });
});

describe.each([
  ['the API', 'PORT', '/images'],
  ["the site's way to the API", 'SITE_PORT', '/api/images'],
])('a body by %s', (_, port, path) => {
  it.each([
    undefined,
    '',
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'a',
    'text/plain, application/json',
  ])('is no JSON with the type %j, as on AWS', async (type) => {
    const url = sample('channels.html');
    for (const method of ['POST', 'PUT']) {
      const headers = type === undefined ? {} : { 'content-type': type };
      const { status, body } = await send(port, method, path, headers, JSON.stringify({ url }));
      expect([status, JSON.parse(body).code]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    }
    expect((await send('PORT', 'GET', lookUp('channels.html'))).status).toBe(404);
  });

  it('has at most 16 KiB', async () => {
    const text = (bytes: number) => '{"url":""}'.padEnd(bytes);
    const most = await send(port, 'POST', path, JSON_TYPE, text(16_384));
    expect([most.status, JSON.parse(most.body).code]).toEqual([400, 'URL_REQUIRED']);
    const over = await send(port, 'POST', path, JSON_TYPE, text(16_385));
    expect([over.status, JSON.parse(over.body).code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect(over.headers['content-type']).toBe('application/problem+json');
  });

  it('that is too large may be explained to a page of the settings', async () => {
    const over = await send(port, 'POST', path, { ...JSON_TYPE, origin: NAMED }, ''.padEnd(16_385));
    expect([over.status, over.headers['access-control-allow-origin']]).toEqual([413, NAMED]);
  });
});

it('an invocation by the Lambda port still works', async () => {
  const event = { headers: JSON_TYPE, body: JSON.stringify({ url: sample() }) };
  const { status, body } = await send('LAMBDA_PORT', 'POST', INVOCATION, {}, JSON.stringify(event));
  expect([status, JSON.parse(body).statusCode]).toEqual([200, 409]);
});

it('what is refused has its line in the log', async () => {
  const { headers } = await send('PORT', 'POST', '/images', { origin: 'null' });
  await until(() => app.output().includes(`"requestId":"${headers['x-request-id']}"`));
});

/** Resident memory of a process in MiB. */
const memoryOf = (pid: number) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
/** Processor time of a process in ms, with a resolution of 10 ms. */
const processorMs = (pid: number) => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11) ?? [];
  return (Number(user) + Number(system)) * 10;
};

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** Where the system says what another process takes. */
if (process.platform === 'linux') {
  it.each([
    ['the API', 'PORT', 'Content-Length: 10000000'],
    ['the API', 'PORT', 'Transfer-Encoding: chunked'],
    ['the site', 'SITE_PORT', 'Content-Length: 10000000'],
    ['the site', 'SITE_PORT', 'Transfer-Encoding: chunked'],
    ['the Lambda port', 'LAMBDA_PORT', 'Transfer-Encoding: chunked'],
  ])('80 open uploads to %s stop nobody: %s, %s', async (_, port, length) => {
    const path = { PORT: '/images', SITE_PORT: '/api/images', LAMBDA_PORT: INVOCATION }[port];
    const processes = [gateway, app.child.pid ?? 0];
    const lookUps = async (each: () => void = () => {}) => {
      const start = processes.map(processorMs);
      for (let calls = 0; calls < 100; calls += 1) {
        expect((await send('PORT', 'GET', lookUp())).status).toBe(200);
        each();
      }
      return onReferenceMachine(sum(processes.map(processorMs)) - sum(start));
    };
    // Growth of a process to its usual size must not count as growth by the uploads.
    const alone = await lookUps();
    const before = processes.map(memoryOf);
    const head = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', length];
    const isChunked = length.startsWith('Transfer');
    const piece = 'x'.repeat(64 * 1024);
    const uploads: Socket[] = [];
    for (let count = 0; count < 80; count += 1) {
      const socket = connect(Number(app.env[port]), '127.0.0.1');
      uploads.push(socket.on('error', () => {}).resume());
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      for (let sent = 0; sent < 40; sent += 1) {
        socket.write(isChunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece);
      }
    }
    const most = [...before];
    const beside = await lookUps(() =>
      processes.forEach((pid, index) => {
        most[index] = Math.max(most[index] ?? 0, memoryOf(pid));
      }),
    );
    for (const socket of uploads) socket.destroy();
    const grown = most.map((size, index) => size - (before[index] ?? 0));
    expect(Math.max(...grown)).toBeLessThanOrEqual(64);
    // A look-up may wait only as long as the uploads use the processor.
    expect(beside - alone).toBeLessThan(1_000);
  });

  const NAMES = [
    'accept accept-charset accept-encoding accept-language access-control-request-headers authorization',
    'cache-control connection content-encoding content-type cookie content-length date expect forwarded from if-match',
    'if-modified-since if-none-match if-range if-unmodified-since max-forwards origin pragma prefer range',
    'referer sec-fetch-dest sec-fetch-mode sec-fetch-site te trailer transfer-encoding upgrade user-agent via x-amz-date',
    'x-amz-client-context x-api-key x-forwarded-for x-http-method-override sls-offline-authorizer-override',
  ].flatMap((line) => line.split(' '));
  const PIECES = [
    ' ',
    '\t',
    ',',
    ' ,',
    ', ',
    ';',
    '; ',
    ' ;',
    ';=',
    'a=',
    'a=b;',
    '"',
    '\\"',
    '""',
    'W/"',
    '=',
    '.',
    '/',
    '*/*,',
    '0-,',
    'charset=',
    ';charset',
    '%',
    '-',
    'a',
  ];

  /** Resolves once there is an answer to this header, which no client has to understand. */
  const answered = (port: string, target: string, field: string) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(app.env[port]), '127.0.0.1');
      const body = target.startsWith('POST') ? '{"url":""}' : '';
      const length = body === '' ? [] : [`Content-Length: ${body.length}`];
      socket.write([`${target} HTTP/1.1`, 'Host: localhost', ...length, field, '', body].join('\r\n'));
      socket.once('error', reject).once('data', () => {
        socket.destroy();
        resolve();
      });
    });

  it.each([
    ['PORT', 15],
    ['PORT', 44],
    ['LAMBDA_PORT', 15],
    ['SITE_PORT', 15],
    ['S3_PORT', 15],
  ])('no header takes over 50 ms, of whatever it is made: %s, %d KiB', async (port, kib) => {
    const pid = port === 'SITE_PORT' || port === 'S3_PORT' ? (app.child.pid ?? 0) : gateway;
    const targets: Readonly<Record<string, string>> = {
      PORT: `GET ${lookUp()}`,
      LAMBDA_PORT: `POST ${INVOCATION}`,
      SITE_PORT: 'GET /sample/',
      S3_PORT: 'GET /images/pages/0.json',
    };
    const slow: string[] = [];
    for (const name of NAMES) {
      for (const piece of PIECES) {
        const text = piece.repeat(Math.floor((kib * 1024 - 20) / piece.length));
        for (const value of [
          `a${text}b`,
          ...(name === 'content-type' ? [`application/json;a${text}b`] : []),
        ]) {
          const target = port === 'PORT' && name.startsWith('content') ? 'POST /images' : targets[port];
          const cost = async () => {
            const start = processorMs(pid);
            await answered(port, target ?? '', `${name}: ${value}`);
            return onReferenceMachine(processorMs(pid) - start);
          };
          // Garbage collection may add time, so it is measured again.
          if ((await cost()) > 50 && Math.min(await cost(), await cost()) > 50) {
            slow.push(`${name}: ${value.slice(0, 40)}`);
          }
        }
      }
    }
    expect(slow).toEqual([]);
  });
}
