import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { checkPorts } from '../../../local-stack/settings/ports.ts';
import { freePorts } from '../../support/startApp.ts';

const host = '127.0.0.1';

describe('checkPorts', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((s) => new Promise((resolve) => s.close(resolve)))));

  const listen = (address: string) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer();
      servers.push(server);
      server.once('error', reject);
      server.listen(0, address, () => {
        const bound = server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
      });
    });

  it('is content with free ports', async () => {
    const [port = 0, other = 0] = await freePorts(2);
    const wanted = [
      { port, setting: 'PORT', host },
      { port: other, setting: 'SITE_PORT', host },
    ];
    await expect(checkPorts(wanted)).resolves.toBeUndefined();
  });

  it.each(['127.0.0.1', '0.0.0.0'])('names the setting of a port that is taken on %s', async (address) => {
    const port = await listen(address);
    await expect(checkPorts([{ port, setting: 'S3_PORT', host }])).rejects.toThrow(
      `Port ${port} is taken: stop what uses it, or choose another port with S3_PORT.`,
    );
  });

  it.each(['203.0.113.1', 'no.such.host.invalid', '127.0.0.1:80', 'http://localhost'])(
    'says that nothing can listen on %s',
    async (address) => {
      const [port = 0] = await freePorts(1);
      await expect(checkPorts([{ port, setting: 'PORT', host: address }])).rejects.toThrow(
        `LISTEN_HOST is "${address}", where this machine cannot listen (`,
      );
    },
  );

  it('names two settings that ask for the same port', async () => {
    const [port = 0] = await freePorts(1);
    const wanted = ['PORT', 'SITE_PORT'].map((setting) => ({ port, setting, host }));
    await expect(checkPorts(wanted)).rejects.toThrow(`SITE_PORT and PORT are both ${port}`);
  });

  it('reports every port that is taken', async () => {
    const wanted = [
      { port: await listen(host), setting: 'PORT', host },
      { port: await listen(host), setting: 'SITE_PORT', host },
    ];
    await expect(checkPorts(wanted)).rejects.toThrow(/with PORT\.\n.*with SITE_PORT\./);
  });
});
