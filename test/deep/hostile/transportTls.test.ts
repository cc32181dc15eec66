/** T23: certificates. None of these servers is believed, and none is sent a request. */
import type { AddressInfo } from 'node:net';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, it } from '@jest/globals';
import { answer, PUBLIC_ADDRESS } from '../../lib/web/rawServer.ts';
import { type SelfSigned, selfSigned } from '../../lib/web/selfSigned.ts';
import { startHostileService } from './support/hostileService.ts';

const NOW = new Date();
const YEAR_MS = 365 * 86_400_000;
const before = getCACertificates('default');
afterEach(() => setDefaultCACertificates(before));

it.each([
  ['T23 that vouches for itself', selfSigned('good.test', NOW), false],
  ['T23 that is expired', selfSigned('good.test', new Date(NOW.getTime() - YEAR_MS)), true],
  ['T23 of tomorrow', selfSigned('good.test', new Date(NOW.getTime() + YEAR_MS)), true],
  ['T23 of another host', selfSigned('wrong.test', NOW), true],
] as readonly (readonly [string, SelfSigned, boolean])[])(
  'a certificate %s',
  async (_row, own, isTrusted) => {
    if (isTrusted) setDefaultCACertificates([...before, own.cert]);
    let requests = 0;
    const server = createServer(own, (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        requests += 1;
        socket.end(answer(200, { 'Content-Type': 'text/html', Connection: 'close' }, 'secret'));
      });
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve));
    const { port } = server.address() as AddressInfo;
    const url = `https://good.test:${port}/`;
    try {
      await using service = await startHostileService({ config: { ports: [port] } });
      const { code, body } = await service.post(url);
      expect([code, body.reason]).toEqual(['PAGE_UNREACHABLE', 'tls']);
      expect(body.detail).toMatch(/^The certificate of the server is not trusted: .*http address\.$/);
      service.expectNothing();
      expect(requests).toBe(0);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  },
);
