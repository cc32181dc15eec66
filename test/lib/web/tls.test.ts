import type { AddressInfo } from 'node:net';
import {
  createServer,
  getCACertificates,
  type Server,
  setDefaultCACertificates,
  type TlsOptions,
} from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { answer, PUBLIC_ADDRESS, startRawServer } from './rawServer.ts';
import { type SelfSigned, selfSigned } from './selfSigned.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const NOW = new Date();
const YEAR_MS = 365 * 86_400_000;
const before = getCACertificates('default');

async function startTlsServer(
  identity: SelfSigned,
): Promise<AsyncDisposable & { port: number; server: Server }> {
  const server = createServer({ ...identity, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end(answer(200, { Connection: 'close' }, String(socket.alpnProtocol))));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('https', () => {
  afterEach(() => setDefaultCACertificates(before));

  const refused: readonly (readonly [string, SelfSigned, boolean])[] = [
    ['a certificate that vouches for itself', selfSigned('good.test', NOW), false],
    ['an expired certificate', selfSigned('good.test', new Date(NOW.getTime() - YEAR_MS)), true],
    ['a certificate of tomorrow', selfSigned('good.test', new Date(NOW.getTime() + YEAR_MS)), true],
    ["another host's certificate", selfSigned('wrong.test', NOW), true],
  ];
  it.each(refused)('with %s is a tls fault', async (_, identity, isTrusted) => {
    if (isTrusted) setDefaultCACertificates([...before, identity.cert]);
    await using server = await startTlsServer(identity);
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`https://good.test:${server.port}/`);
    expect(result).toMatchObject({ fault: 'tls', tls: 'certificate' });
    expect(result.kind === 'failed' && result.detail).toMatch(/^The certificate [^\d]*$/);
  });

  it.each([
    [
      'TLS 1.1 alone',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'version',
    ],
    [
      'a cipher alone that is not offered',
      { maxVersion: 'TLSv1.2', ciphers: 'AES128-CCM8:@SECLEVEL=0' },
      'version',
    ],
    ['neither HTTP/1.1 nor HTTP/2', { ALPNProtocols: ['spdy/3'] }, 'protocol'],
  ] as const)('of a server that speaks %s is a tls fault that says so', async (_, options, kind) => {
    const server = createServer({ ...selfSigned('good.test', NOW), ...(options as TlsOptions) }, () => {});
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve));
    const { port } = server.address() as AddressInfo;
    await using web = createTestWeb({ ports: [port] });
    expect(await web.read(`https://good.test:${port}/`)).toMatchObject({ fault: 'tls', tls: kind });
    await new Promise((resolve) => server.close(resolve));
  });

  it('with a trusted certificate is read over HTTP/1.1, also with a root dot after the name', async () => {
    const identity = selfSigned('good.test', NOW);
    setDefaultCACertificates([...before, identity.cert]);
    await using server = await startTlsServer(identity);
    await using web = createTestWeb(
      { ports: [server.port] },
      { resolve: async () => [{ address: PUBLIC_ADDRESS, family: 4 }] },
    );
    for (const host of ['good.test', 'good.test.']) {
      expect(await web.read(`https://${host}:${server.port}/`)).toMatchObject({
        bytes: Buffer.from('http/1.1'),
      });
    }
  });

  it('R17 redirected to http is followed', async () => {
    const identity = selfSigned('good.test', NOW);
    setDefaultCACertificates([...before, identity.cert]);
    await using plain = await startRawServer((socket) => socket.write(answer(200, {}, 'plain')));
    await using server = await startTlsServer(identity);
    server.server.removeAllListeners('secureConnection');
    server.server.on('secureConnection', (socket) => {
      socket.on('error', () => {});
      socket.on('data', () =>
        socket.end(answer(302, { Connection: 'close', Location: `http://other.test:${plain.port}/` })),
      );
    });
    await using web = createTestWeb({ ports: [server.port, plain.port] });
    const result = await web.read(`https://good.test:${server.port}/`, {
      referrer: new URL(`https://good.test:${server.port}/page`),
    });
    expect(result).toMatchObject({ kind: 'read', bytes: Buffer.from('plain') });
    expect(plain.heads[0]).not.toMatch(/^referer:/im);
  });

  it('is a tls fault where the server speaks plain HTTP', async () => {
    await using server = await startRawServer(() => {}, undefined, {
      onConnection: (socket) => socket.write(answer(400)),
    });
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`https://good.test:${server.port}/`);
    expect(result).toMatchObject({ fault: 'tls', tls: 'protocol' });
  });

  it('of an address that the certificate does not name is a tls fault', async () => {
    const identity = selfSigned('good.test', NOW);
    setDefaultCACertificates([...before, identity.cert]);
    await using server = await startTlsServer(identity);
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`https://${PUBLIC_ADDRESS}:${server.port}/`))).toBe('tls');
  });

  it('that never answers the handshake is a timeout after the connect timeout', async () => {
    await using server = await startRawServer(() => {});
    await using web = createTestWeb({ ports: [server.port], connectTimeoutMs: 80 });
    expect(faultOf(await web.read(`https://good.test:${server.port}/`))).toBe('timeout');
    await server.idle();
  });

  it('is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    await using server = await startTlsServer(selfSigned('good.test', NOW));
    await using web = createTestWeb({ ports: [server.port] });
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(faultOf(await web.read(`https://good.test:${server.port}/`))).toBe('tls');
    } finally {
      Reflect.deleteProperty(process.env, 'NODE_TLS_REJECT_UNAUTHORIZED');
    }
  });

  it('resumes the session of the same host and port, and none of another', async () => {
    const identity = selfSigned('good.test', NOW, 'other.test');
    setDefaultCACertificates([...before, identity.cert]);
    await using server = await startTlsServer(identity);
    const seen: (readonly [unknown, boolean])[] = [];
    server.server.on('secureConnection', (socket) => {
      seen.push([(socket as { servername?: unknown }).servername, socket.isSessionReused()]);
    });
    await using web = createTestWeb({ ports: [server.port] });
    for (const host of ['good', 'good', 'other', 'other', 'good']) {
      expect(faultOf(await web.read(`https://${host}.test:${server.port}/`))).toBe('read');
    }
    const reusedBy = (name: string) => seen.filter(([of]) => of === name).map(([, isReused]) => isReused);
    // The first connection of each shows its certificate.
    expect(reusedBy('good.test').slice(0, 1)).toEqual([false]);
    expect(reusedBy('other.test').slice(0, 1)).toEqual([false]);
    expect(reusedBy('good.test').at(-1)).toBe(true);
    expect(reusedBy('other.test').at(-1)).toBe(true);
  });

  it('checks the certificate of a host whose session of another name would be resumed', async () => {
    const identity = selfSigned('good.test', NOW);
    setDefaultCACertificates([...before, identity.cert]);
    await using server = await startTlsServer(identity);
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`https://good.test:${server.port}/`))).toBe('read');
    expect(faultOf(await web.read(`https://other.test:${server.port}/`))).toBe('tls');
  });
});
