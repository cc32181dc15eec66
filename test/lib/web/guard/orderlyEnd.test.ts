import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectSecurely } from '../../../../lib/web/guard/orderlyEnd.ts';
import { PUBLIC_ADDRESS } from '../rawServer.ts';
import { type SecureConnection, startRawTlsServer } from '../rawTlsServer.ts';
import { selfSigned } from '../selfSigned.ts';

const identity = selfSigned('good.test', new Date());
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...before, identity.cert]));
afterAll(() => setDefaultCACertificates(before));

async function open(port: number) {
  const raw = connect(port, PUBLIC_ADDRESS);
  await once(raw, 'connect');
  const secure = connectSecurely(raw, { host: 'good.test', servername: 'good.test' });
  await once(secure, 'secureConnect');
  return { raw, secure };
}

const rawEnds: readonly (readonly [string, (raw: Socket) => void])[] = [
  ['a FIN', (raw) => raw.end()],
  ['a reset', (raw) => raw.resetAndDestroy()],
];

/** What fits into the buffers of the connection in front of a paused reader, what does not, and what half does. */
const SIZES = [1_000, 49_000, 66_000, 100_000, 150_000, 200_000, 250_000, 400_000];

describe('a TLS connection', () => {
  it('whose server takes no more gives what came before, whatever is written meanwhile', async () => {
    const text = 'x'.repeat(40_000);
    await using server = await startRawTlsServer(identity, ({ secure, raw }: SecureConnection) => {
      secure.end(text, () => setImmediate(() => raw.end()));
    });
    const { raw, secure } = await open(server.port);
    secure.write('GET');
    await once(raw, 'end');
    // As HTTP/2 does, which makes room for what it has read.
    secure.write('more');
    expect((await buffer(secure)).toString()).toBe(text);
  });

  it.each(rawEnds.flatMap(([name, end]) => SIZES.map((size) => [name, size, end] as const)))(
    'ends in order after close_notify and %s that its reader has not come to yet, behind %d bytes',
    async (_, size, end) => {
      const text = 'x'.repeat(size);
      await using server = await startRawTlsServer(identity, ({ secure, raw }: SecureConnection) => {
        secure.end(text, () => setImmediate(end, raw));
      });
      const { raw, secure } = await open(server.port);
      const isStuck = new Promise((resolve) =>
        raw.once('end', resolve).once('error', resolve).once('pause', resolve),
      );
      secure.write('GET');
      await isStuck;
      expect((await buffer(secure)).length).toBe(size);
    },
  );

  it('reads no further than its reader, and loses nothing', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024, 'abc');
    await using server = await startRawTlsServer(identity, ({ secure }) => void secure.end(body));
    const { raw, secure } = await open(server.port);
    secure.write('GET');
    await once(raw, 'pause');
    expect(raw.bytesRead).toBeLessThan(body.length);
    expect((await buffer(secure)).equals(body)).toBe(true);
  });

  it('says by a close_notify of its own that it ends', async () => {
    const said = Promise.withResolvers<string>();
    await using server = await startRawTlsServer(identity, ({ secure }) => {
      secure.once('end', () => said.resolve('end'));
      secure.once('error', ({ message }) => said.resolve(message));
    });
    const { secure } = await open(server.port);
    secure.end('GET');
    expect(await said.promise).toBe('end');
    secure.destroy();
  });
});
