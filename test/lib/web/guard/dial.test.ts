import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from '@jest/globals';
import type { FaultError } from '../../../../lib/web/faults.ts';
import { createGuardedDial, type DialParts } from '../../../../lib/web/guard/guardedDial.ts';
import { createHostPolicy, type HostPolicy } from '../../../../lib/web/guard/hostPolicy.ts';
import { PUBLIC_ADDRESS, startRawServer } from '../rawServer.ts';
import { CONFIG, classifyTestAddress, resolveTestName } from '../testWeb.ts';

const PARTS: DialParts = {
  policy: createHostPolicy(CONFIG, classifyTestAddress),
  resolve: resolveTestName,
  isOwnEndpoint: async () => false,
  connectTimeoutMs: 30_000,
};

/** The fault, or `connected`. */
async function dial(parts: Partial<DialParts>, hostname: string, port: number | '' = ''): Promise<string> {
  const { dial } = createGuardedDial({ ...PARTS, ...parts });
  return await dial({ hostname, protocol: 'http:', port: String(port) }).then(
    ({ socket }) => {
      socket.destroy();
      return 'connected';
    },
    ({ fault }: FaultError) => fault,
  );
}

describe('a dial', () => {
  it.each(['127.0.0.1', '169.254.169.254', '::1', 'fe80::1', '::ffff:127.0.0.1', 'localhost', 'minio'])(
    'to %s is refused here too, whoever asked before',
    async (hostname) => {
      expect(await dial({}, hostname)).toBe('forbidden');
    },
  );

  it('looks at the connected socket once more, and says nothing over one that must not be', async () => {
    await using server = await startRawServer((socket) => socket.end());
    const responses = [true, false];
    const policy: HostPolicy = {
      reachOf: () => new Set(['public']),
      mayDial: () => responses.shift() ?? false,
    };
    expect(await dial({ policy }, 'good.test', server.port)).toBe('forbidden');
    expect([responses, server.heads]).toEqual([[], []]);
  });

  it('does not use a socket that has no peer any more', async () => {
    await using server = await startRawServer((socket) => socket.end());
    const policy = createHostPolicy({ ...CONFIG, ports: [server.port] }, classifyTestAddress);
    const reset = (message: unknown) => {
      const { socket } = message as { readonly socket: object };
      Object.defineProperty(socket, 'remoteAddress', { value: undefined });
    };
    subscribe('net.client.socket', reset);
    expect(await dial({ policy }, 'good.test', server.port)).toBe('connect');
    unsubscribe('net.client.socket', reset);
    expect(await dial({ policy }, 'good.test', server.port)).toBe('connected');
  });

  it('that is under way ends when all are closed', async () => {
    const guard = createGuardedDial({ ...PARTS, resolve: () => new Promise(() => {}) });
    const response = guard
      .dial({ hostname: 'good.test', protocol: 'http:', port: '' })
      .catch(({ fault }: FaultError) => fault);
    await new Promise((resolve) => setImmediate(resolve));
    guard.close();
    expect(await response).toBe('aborted');
  });

  it.each([
    ['ETIMEDOUT', 'timeout'],
    ['ECONNRESET', 'connect'],
    ['EHOSTUNREACH', 'connect'],
    [undefined, 'connect'],
  ])('that fails with %s is fault %s', async (code, fault) => {
    const isOwnEndpoint = async () => {
      throw Object.assign(new Error('a test'), code && { code });
    };
    const policy = createHostPolicy(CONFIG, () => 'public');
    expect(await dial({ policy, isOwnEndpoint }, PUBLIC_ADDRESS)).toBe(fault);
  });
});
