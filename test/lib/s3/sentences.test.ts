/** What a call says of a server that is not the S3 it should be: each sentence says the next step. */
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readConfig, type StoreConfig } from '../../../lib/config.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { CHECKED_KEY } from '../../../lib/s3/checkNote.ts';
import { createS3Store, type S3Store, type StoreNotice } from '../../../lib/s3/store.ts';
import { createBaseServices } from '../../../lib/services.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { recordOf } from '../../support/builders.ts';
import { embeddedStore } from '../../support/embeddedStore.ts';
import { type StoreFault, type StoreRequest, startFaultyStore } from '../../support/faultyStore.ts';
import { until } from '../../support/until.ts';
import { selfSigned } from '../web/selfSigned.ts';

const PAGE = 'a'.repeat(32);
const IMAGE = `images/${'b'.repeat(32)}/${PAGE}/op1/a.png`;
const HTML = '<!DOCTYPE html>\n<html><title>Console</title><p>Log in';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function storeAt(endpoint: string, parts: Partial<StoreConfig> = {}, told: StoreNotice[] = []): S3Store {
  const config = { bucket: 'bucket', region: 'us-east-1', credentials: LOCAL_KEYS, linkTtlSeconds: 60 };
  const store = createS3Store({ ...config, endpoint, ...parts }, undefined, {
    tell: (notice) => told.push(notice),
  });
  open.push(() => store.close());
  return store;
}

async function faulty(choose: (request: StoreRequest) => StoreFault, target?: string) {
  const between = await startFaultyStore(choose, target);
  open.push(() => between.close());
  return between;
}

const working = async () => {
  const server = await embeddedStore('bucket');
  open.push(() => server.close());
  return server;
};

/** A store before which every request meets `choose`. */
const fronted = async (choose: (request: StoreRequest) => StoreFault) =>
  faulty(choose, (await working()).endpoint);

async function listening(server: Server, name = '127.0.0.1'): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `${name}:${(server.address() as AddressInfo).port}`;
}

const detailOf = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Problem && error.code === 'STORAGE_UNAVAILABLE') return error.detail;
  throw new Error('It did not fail with a problem of the storage.', { cause: error });
};

const calls: readonly (readonly [string, (store: S3Store) => Promise<unknown>])[] = [
  ['read', ({ records }) => records.read(PAGE)],
  ['verify', ({ records }) => records.verify()],
  ['put', ({ images }) => images.put(IMAGE, Buffer.from('x'), 'image/png', new AbortController().signal)],
  ['remove', ({ images }) => images.remove([IMAGE])],
  ['list', ({ images }) => Array.fromAsync(images.list('images/'))],
];

const WEB_PAGE =
  "S3_ENDPOINT answers with a web page: set it to the S3 API's port, not the console's, and let no proxy or login page answer.";
const NOT_HTTP = 'The port of the storage does not speak plain HTTP: begin S3_ENDPOINT with https://.';
const NO_TLS = 'The storage speaks no TLS on this port: begin S3_ENDPOINT with http://, or correct its port.';
const NO_AUTHORITY =
  "The storage's certificate is not signed by an authority that is trusted here: set S3_CA to the certificate of its authority.";
const IN_HOST_NAME = 'The storage wants the bucket in the host name: set S3_FORCE_PATH_STYLE to false.';

const replies: readonly (readonly [string, StoreFault, string])[] = [
  ...[200, 400, 401, 403, 404, 405].map(
    (reply) =>
      [
        `a page of HTML with ${reply}`,
        { reply, headers: { 'content-type': 'text/html' }, body: HTML },
        WEB_PAGE,
      ] as const,
  ),
  [
    'a page of HTML with an ETag',
    { reply: 404, headers: { 'content-type': 'text/html; charset=utf-8', etag: '"1"' }, body: `\n ${HTML}` },
    WEB_PAGE,
  ],
  ...[
    'Client sent an HTTP request to an HTTPS server.\n',
    'Bad Request\nThis combination of host and port requires TLS.\r\n',
    '<html><center>The plain HTTP request was sent to HTTPS port</center>',
  ].map(
    (body) =>
      [
        `what says "${body.slice(0, 30)}…"`,
        { reply: 400, headers: { 'content-type': 'text/plain' }, body },
        NOT_HTTP,
      ] as const,
  ),
  [
    'a redirection to https',
    { reply: 301, headers: { location: 'https://minio.example/', 'content-type': 'text/html' }, body: HTML },
    NOT_HTTP,
  ],
  [
    'another redirection',
    { reply: 307, headers: { location: 'http://minio.example/', 'content-type': 'text/html' }, body: HTML },
    'The bucket lies elsewhere: correct AWS_REGION or S3_ENDPOINT.',
  ],
  ...['SecondLevelDomainForbidden', 'PathStyleDomainForbidden', 'VirtualHostDomainRequired'].map(
    (code) => [`a refusal of the path style (${code})`, { status: 403, code }, IN_HOST_NAME] as const,
  ),
  [
    'a name that no bucket has',
    { status: 400, code: 'InvalidBucketName' },
    'The bucket cannot have this name: correct S3_BUCKET.',
  ],
  [
    'a proxy that takes no such body',
    { reply: 413, headers: { 'content-type': 'text/html' }, body: HTML },
    'The storage refuses a body of this size: raise the limit of the proxy before it.',
  ],
];

describe.each(replies)('of %s', (_, fault, sentence) => {
  it.each(calls)('%s says the next step', async (_, call) => {
    const { endpoint } = await faulty(() => fault);
    expect(await detailOf(call(storeAt(endpoint)))).toBe(sentence);
  });
});

describe('of a page of HTML that is sent as something else', () => {
  it.each(['application/json', 'text/plain', 'application/xml'])('as %s, with an ETag', async (type) => {
    const { endpoint } = await faulty(() => ({
      reply: 200,
      headers: { 'content-type': type, etag: '"1"' },
      body: HTML,
    }));
    const { records } = storeAt(endpoint);
    expect(await detailOf(records.read(PAGE))).toBe(WEB_PAGE);
    expect(await detailOf(records.verify())).toBe(WEB_PAGE);
  });
});

describe('of a server that answers 200 with nothing', () => {
  const NO_ETAG =
    'The storage sends no ETag: let the proxy before it pass ETag on, and check that S3_ENDPOINT is an S3 API.';
  it.each([
    ['read', NO_ETAG],
    ['verify', NO_ETAG],
    ['put', NO_ETAG],
    [
      'list',
      'The storage does not answer as S3 does: check that S3_ENDPOINT is an S3 API, and the proxy before it.',
    ],
  ])('%s', async (name, sentence) => {
    const { endpoint } = await faulty(() => ({ reply: 200 }));
    const [, call] = calls.find(([each]) => each === name) ?? [];
    expect(await detailOf(call?.(storeAt(endpoint)) ?? Promise.resolve())).toBe(sentence);
  });
});

describe('of an answer that is none of S3’s', () => {
  const NOT_S3 =
    'The storage does not answer as S3 does: check that S3_ENDPOINT is an S3 API, and the proxy before it.';

  it.each(['<Foo/>', '{}', 'DeleteResult', '<?xml version="1.0"?><Result><DeleteResults/></Result>'])(
    'to a removal, nothing counts as removed: %s',
    async (body) => {
      const { endpoint } = await faulty(({ kind }) =>
        kind === 'DELETE'
          ? { reply: 200, headers: { 'content-type': 'application/xml' }, body }
          : { status: 403, code: 'AccessDenied' },
      );
      expect(await detailOf(storeAt(endpoint).images.remove([IMAGE]))).not.toBe('');
    },
  );

  it('and has no end, no more is read of it than S3 would send', async () => {
    const { endpoint } = await faulty(() => ({
      reply: 200,
      headers: { 'content-type': 'text/html' },
      body: Buffer.alloc(64 * 1024 * 1024, 'x'),
    }));
    expect(await detailOf(storeAt(endpoint).records.read(PAGE))).toBe(NOT_S3);
  });
});

describe('of the wrong scheme and of certificates', () => {
  const tlsServer = (name = 'localhost') => {
    const identity = selfSigned(name, new Date());
    const server = createHttpsServer(identity, (_, response) => response.end());
    server.on('tlsClientError', () => undefined);
    return { identity, server };
  };

  it.each(calls)('%s over https at a port that speaks http', async (_, call) => {
    const { endpoint } = await faulty(() => ({ reply: 200 }));
    expect(await detailOf(call(storeAt(endpoint.replace('http:', 'https:'))))).toBe(NO_TLS);
  });

  it.each(calls)('%s over http at a port that hangs up on what is not TLS', async (_, call) => {
    const host = await listening(tlsServer().server);
    expect(await detailOf(call(storeAt(`http://${host}`)))).toBe(
      'The connection to the storage was lost: try again. If it is always lost, begin S3_ENDPOINT with https://.',
    );
  });

  it.each(calls)('%s over http at a port that answers with an alert of TLS', async (_, call) => {
    const server = createServer((socket) => {
      socket.on('data', () => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70])));
    });
    expect(await detailOf(call(storeAt(`http://${await listening(server)}`)))).toBe(NOT_HTTP);
  });

  it.each(calls)('%s at a certificate that no authority has signed', async (_, call) => {
    const host = await listening(tlsServer().server, 'localhost');
    expect(await detailOf(call(storeAt(`https://${host}`)))).toBe(NO_AUTHORITY);
  });

  it('a certificate for another name', async () => {
    const { identity, server } = tlsServer('minio.example');
    const host = await listening(server, 'localhost');
    const { records } = storeAt(`https://${host}`, { ca: identity.cert });
    expect(await detailOf(records.read(PAGE))).toBe(
      "The storage's certificate is for another name: use its name in S3_ENDPOINT.",
    );
  });

  it('a certificate that has expired', async () => {
    const identity = selfSigned('localhost', new Date(Date.now() - 30 * 86_400_000));
    const server = createHttpsServer(identity, (_, response) => response.end());
    const host = await listening(server, 'localhost');
    const { records } = storeAt(`https://${host}`, { ca: identity.cert });
    expect(await detailOf(records.read(PAGE))).toBe(
      "The storage's certificate is not valid today: renew it, or set the clocks right.",
    );
  });

  it('certainly wrote nothing at a certificate that is not trusted', async () => {
    const host = await listening(tlsServer().server, 'localhost');
    const { records } = storeAt(`https://${host}`);
    expect(await detailOf(records.write(PAGE, recordOf([]), { ifAbsent: true }))).toBe(NO_AUTHORITY);
  });

  it('a host name that is not known', async () => {
    // No name server is asked: a label has at most 63 characters.
    expect(await detailOf(storeAt(`http://${'a'.repeat(64)}:9000`).records.read(PAGE))).toBe(
      "The storage's host name is not known: check S3_ENDPOINT. With S3_FORCE_PATH_STYLE=false the bucket is part of the name.",
    );
  });
});

describe('of a condition, verify says', () => {
  const isConditional = ({ headers }: StoreRequest) =>
    headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
  const UNKNOWN =
    'The storage server does not know conditional PUT: use one that docs/storages.md lists as fit.';

  it.each([
    [
      '304',
      { reply: 304 },
      'The storage server answers 304 to a conditional PUT, where S3 answers 412: use one that docs/storages.md lists as fit.',
    ],
    ['400 InvalidArgument', { status: 400, code: 'InvalidArgument' }, UNKNOWN],
    ['400 without a code', { reply: 400 }, UNKNOWN],
    ['405', { status: 405, code: 'MethodNotAllowed' }, UNKNOWN],
    ['501', { status: 501, code: 'NotImplemented' }, UNKNOWN],
  ] as const)('that it is answered with %s', async (_, fault, sentence) => {
    const { endpoint } = await fronted((request) => (isConditional(request) ? fault : 'pass'));
    expect(await detailOf(storeAt(endpoint).records.verify())).toBe(sentence);
  });

  it.each(['if-match', 'if-none-match'] as const)('that %s is answered with 304', async (name) => {
    const { endpoint } = await fronted(({ headers }) => (headers[name] ? { reply: 304 } : 'pass'));
    expect(await detailOf(storeAt(endpoint).records.verify())).toMatch(/answers 304/);
  });

  it('nothing of conditions where a write without one is refused as well', async () => {
    const { endpoint } = await fronted(({ method }) =>
      method === 'PUT' ? { status: 400, code: 'Unexpected' } : 'pass',
    );
    expect(await detailOf(storeAt(endpoint).records.verify())).toMatch(/^The storage failed/);
  });

  it.each(['if-match', 'if-none-match'] as const)(
    'that several simultaneous writes with %s are applied, and says so again',
    async (name) => {
      // One after the other the condition holds: at most one request is under way then.
      let underWay = 0;
      const server = await working();
      const between = await faulty(({ method, headers }) => {
        if (method !== 'PUT' || headers[name] === undefined) return 'pass';
        underWay += 1;
        return { delayMs: 50, next: () => (underWay-- > 1 ? { without: name } : 'pass') };
      }, server.endpoint);
      const { records } = storeAt(between.endpoint);
      const sentence =
        'The storage server applies several simultaneous writes on one condition: use one that docs/storages.md lists as fit.';
      expect(await detailOf(records.verify())).toBe(sentence);
      expect(await detailOf(records.verify())).toBe(sentence);
      // Another process, which might meet the server in a lucky moment, is told by the bucket, until the note is gone.
      expect(await detailOf(storeAt(server.endpoint).records.verify())).toBe(sentence);
      await storeAt(server.endpoint).images.remove([CHECKED_KEY]);
      await storeAt(server.endpoint).records.verify();
    },
  );

  it('what comes out after it: a second writer that was let through late refuses the bucket from then on', async () => {
    const server = await working();
    let writers = 0;
    const between = await faulty(({ kind, headers }) => {
      if (kind !== 'PUT burst' || headers['if-none-match'] === undefined) return 'pass';
      writers += 1;
      return writers === 2 ? { delayMs: 1_000, next: { without: 'if-none-match' } } : 'pass';
    }, server.endpoint);
    const { records } = storeAt(between.endpoint);
    await records.verify();
    const isRefused = async (verified: Promise<void>) =>
      verified.then(
        () => false,
        ({ detail }: Problem) => detail.includes('several simultaneous writes'),
      );
    await until(() => isRefused(records.verify()));
    expect(await isRefused(storeAt(server.endpoint).records.verify())).toBe(true);
  });
});

describe('of a proxy that', () => {
  const REWRITTEN =
    'A proxy changes what the storage sends (weak ETags or another content): turn its compression and rewriting off.';
  const isCheckOrMark = ({ kind }: StoreRequest) => /check|mark/.test(kind);

  it.each([
    [
      'strips ETags',
      { withoutETag: true },
      /^The storage sends no ETag: let the proxy before it pass ETag on/,
    ],
    ['makes ETags weak', { weakETag: true }, REWRITTEN],
    ['changes what is read', { altered: 'in between' }, REWRITTEN],
  ] as const)('%s, verify and read say so', async (_, rewriting, sentence) => {
    const { endpoint } = await fronted(() => ({ rewriting }));
    const { records } = storeAt(endpoint);
    expect(await detailOf(records.verify())).toEqual(
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    );
  });

  it.each([
    ['strips ETags', { withoutETag: true }, /sends no ETag/],
    ['makes ETags weak', { weakETag: true }, /weak ETags/],
  ] as const)('begins to: %s, after the check', async (_, rewriting, sentence) => {
    const { endpoint } = await fronted((request) => (isCheckOrMark(request) ? 'pass' : { rewriting }));
    const { records } = storeAt(endpoint);
    await records.verify();
    const written = await records.write(PAGE, recordOf([]), { ifAbsent: true });
    expect(written).toMatchObject({ kind: 'unclear', cause: { detail: expect.stringMatching(sentence) } });
    expect(await detailOf(records.read(PAGE))).toMatch(sentence);
  });

  it('makes ETags weak for readings alone: verify says so', async () => {
    const { endpoint } = await fronted(({ method }) =>
      method === 'GET' ? { rewriting: { weakETag: true } } : 'pass',
    );
    expect(await detailOf(storeAt(endpoint).records.verify())).toBe(REWRITTEN);
  });
});

describe('of a removal of many objects that is refused', () => {
  const names = Array.from({ length: 40 }, (_, n) => `images/a/b/c/${n}.png`);
  const refusals: readonly StoreFault[] = [
    { status: 403, code: 'AccessDenied' },
    { status: 501, code: 'NotImplemented' },
    { status: 400, code: 'MalformedXML' },
    { status: 405, code: 'MethodNotAllowed' },
    { reply: 200 },
    { reply: 403, headers: { 'content-type': 'text/html' }, body: HTML },
  ];

  it.each(refusals)('the objects are removed one by one, and the log says so once: %j', async (fault) => {
    const between = await fronted(({ kind }) => (kind === 'DELETE' ? fault : 'pass'));
    const told: StoreNotice[] = [];
    const { images } = storeAt(between.endpoint, {}, told);
    for (const name of names)
      await images.put(name, Buffer.from('x'), 'image/png', new AbortController().signal);
    await images.remove(names);
    expect(await Array.fromAsync(images.list('images/'))).toEqual([]);
    await images.remove(names);
    expect(told).toEqual([{ kind: 'removedSingly', cause: expect.any(String) }]);
    expect(between.requests.filter(({ kind }) => kind === 'DELETE')).toHaveLength(1);
  });

  it('the service logs a line for each', async () => {
    let isSinglyTaken = true;
    const between = await fronted(({ kind, method }) =>
      kind === 'DELETE' || (method === 'DELETE' && !isSinglyTaken)
        ? { status: 403, code: 'AccessDenied' }
        : 'pass',
    );
    const { accessKeyId, secretAccessKey } = LOCAL_KEYS;
    const { images } = createBaseServices(
      readConfig({
        S3_BUCKET: 'bucket',
        S3_ENDPOINT: between.endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      }),
    );
    const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    try {
      await images.remove([IMAGE]);
      isSinglyTaken = false;
      await detailOf(images.remove([IMAGE]));
      expect(logged.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
        {
          level: 'warn',
          message:
            'The storage refuses to remove many objects in one request, so they are removed one by one',
          cause: 'AccessDenied 403',
        },
        {
          level: 'warn',
          message: 'The storage did not remove objects, so they stay until a sweep',
          cause: expect.stringMatching(/^The storage refuses the access keys/),
        },
      ]);
    } finally {
      logged.mockRestore();
    }
  });

  it('they stay where each is refused too, and the log says so', async () => {
    const between = await fronted(({ kind, method }) =>
      kind === 'DELETE' || method === 'DELETE' ? { status: 403, code: 'AccessDenied' } : 'pass',
    );
    const told: StoreNotice[] = [];
    const { images } = storeAt(between.endpoint, {}, told);
    const sentence = await detailOf(images.remove(names));
    expect(sentence).toMatch(/^The storage refuses the access keys/);
    expect(told).toEqual([{ kind: 'notRemoved', cause: sentence }]);
    // Those under way, not all forty.
    expect(between.requests.filter(({ method }) => method === 'DELETE').length).toBeLessThanOrEqual(16);
  });

  it.each<StoreFault>([
    { status: 503, code: 'SlowDown' },
    { status: 404, code: 'NoSuchBucket' },
    { status: 500, code: 'InternalError' },
  ])('nothing is tried one by one where that would end likewise: %j', async (fault) => {
    const between = await fronted(({ kind }) => (kind === 'DELETE' ? fault : 'pass'));
    await detailOf(storeAt(between.endpoint).images.remove(names));
    expect(between.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});
