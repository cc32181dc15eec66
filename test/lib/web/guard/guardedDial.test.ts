import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createGuardedLookup, type DialParts } from '../../../../lib/web/guard/guardedDial.ts';
import { createHostPolicy, type Reach } from '../../../../lib/web/guard/hostPolicy.ts';
import type { Resolve, ResolvedAddress } from '../../../../lib/web/guard/resolve.ts';
import { answer, PRIVATE_ADDRESS, PUBLIC_ADDRESS, startRawServer } from '../rawServer.ts';
import { CONFIG, classifyTestAddress, createTestWeb, faultOf, resolveTestName } from '../testWeb.ts';

const PUBLIC: ResolvedAddress = { address: PUBLIC_ADDRESS, family: 4 };
const PRIVATE: ResolvedAddress = { address: PRIVATE_ADDRESS, family: 4 };

function failing(code: string): Resolve {
  return async () => {
    throw Object.assign(new Error(code), { code });
  };
}

describe('a name', () => {
  it.each([
    ['127.0.0.1', 4],
    ['10.0.0.1', 4],
    ['169.254.169.254', 4],
    ['0.0.0.0', 4],
    ['::1', 6],
    ['fd00:ec2::254', 6],
    ['::ffff:10.0.0.1', 6],
    ['::ffff:127.0.0.1', 6],
    ['::7f00:1', 6],
    ['64:ff9b::7f00:1', 6],
    ['fe80::1%lo', 6],
    ['not-an-ip', 4],
    ['', 4],
    ['127.0.0.2', 6],
    ['127.0.0.2 ', 4],
  ])('that resolves to %j (family %i) is forbidden', async (address, family) => {
    await using hidden = await startRawServer((socket) => socket.write(answer(200)), PRIVATE_ADDRESS);
    await using web = createTestWeb({ ports: [hidden.port] }, { resolve: async () => [{ address, family }] });
    expect(faultOf(await web.read(`http://good.test:${hidden.port}/`))).toBe('forbidden');
    expect(hidden.accepted()).toBe(0);
  });

  it.each([
    ['private first', [PRIVATE, PUBLIC]],
    ['public first', [PUBLIC, PRIVATE]],
    ['garbage between', [{ address: 'garbage', family: 4 }, PUBLIC, { address: '::1', family: 6 }]],
  ])('with several addresses, %s, is dialled at the public one alone', async (_, addresses) => {
    await using hidden = await startRawServer(
      (socket) => socket.write(answer(200, {}, 'no')),
      PRIVATE_ADDRESS,
    );
    await using server = await startRawServer((socket) => socket.write(answer(200, {}, 'yes')));
    await using web = createTestWeb({ ports: [server.port] }, { resolve: async () => addresses });
    expect(await web.read(`http://good.test:${server.port}/`)).toMatchObject({ bytes: Buffer.from('yes') });
    expect(hidden.accepted()).toBe(0);
  });

  it.each(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EAI_FAIL'])(
    'that fails with %s is a dns fault',
    async (code) => {
      await using web = createTestWeb({}, { resolve: failing(code) });
      expect(await web.read('http://good.test/')).toMatchObject({
        fault: 'dns',
        detail: 'The name of the server could not be resolved.',
      });
    },
  );

  it.each([
    ['no address', async () => []],
    ['nothing at all', async () => undefined as unknown as []],
    ['something else', async () => 7 as unknown as []],
    [
      'an error that is thrown at once',
      () => {
        throw new Error('at once');
      },
    ],
  ])('answered with %s is a dns fault', async (_, resolve: Resolve) => {
    await using web = createTestWeb({}, { resolve });
    expect(faultOf(await web.read('http://good.test/'))).toBe('dns');
  });

  // c-ares gave up, or was told to.
  it.each(['ETIMEOUT', 'ECANCELLED'])('that nobody answers (%s) is a timeout', async (code) => {
    await using web = createTestWeb({}, { resolve: failing(code) });
    expect(faultOf(await web.read('http://good.test/'))).toBe('timeout');
  });

  it.each(['EAI_AGAIN', 'ESERVFAIL'])('is asked for once more after %s, and only once', async (code) => {
    let asked = 0;
    const again: Resolve = async (name) => {
      asked += 1;
      return asked === 1 ? failing(code)(name) : [PUBLIC];
    };
    await using server = await startRawServer((socket) => socket.write(answer(200, {}, 'x')));
    await using web = createTestWeb({ ports: [server.port] }, { resolve: again });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    expect(asked).toBe(2);

    asked = 0;
    const never: Resolve = (name) => {
      asked += 1;
      return failing(code)(name);
    };
    await using other = createTestWeb({}, { resolve: never });
    expect(faultOf(await other.read('http://good.test/'))).toBe('dns');
    expect(asked).toBe(2);
  });

  it('that is never answered is a timeout after the connect timeout', async () => {
    await using web = createTestWeb({ connectTimeoutMs: 80 }, { resolve: () => new Promise(() => {}) });
    const since = performance.now();
    expect(faultOf(await web.read('http://good.test/'))).toBe('timeout');
    // The page itself may take a minute.
    expect(performance.now() - since).toBeLessThan(20_000);
  });

  it.each([
    ['64 characters in a label', `http://${'a'.repeat(64)}.test/`],
    ['265 characters', `http://${'abcdefgh.'.repeat(29)}test/`],
    ['an empty label', 'http://a..test/'],
  ])('of %s fails without an exception', async (_, url) => {
    await using web = createTestWeb({});
    expect(faultOf(await web.read(url))).toBe('dns');
  });
});

describe('a listed name', () => {
  it('reaches a private address, but not the store that listens there', async () => {
    // Loopback stands for a private network here: the real table would not let a test listen on one.
    await using nginx = await startRawServer(
      (socket) => socket.write(answer(200, {}, 'page')),
      PRIVATE_ADDRESS,
    );
    const classify = (address: string) =>
      address === PRIVATE_ADDRESS ? 'private' : classifyTestAddress(address);
    const resolve: Resolve = async () => [PRIVATE];
    const allowHosts = [{ hostname: 'nginx', port: nginx.port }];
    await using open = createTestWeb({ allowHosts }, { classify, resolve });
    expect(faultOf(await open.read(`http://nginx:${nginx.port}/`))).toBe('read');

    const ownEndpoints = [{ hostname: 'minio', port: nginx.port }];
    await using guarded = createTestWeb({ allowHosts, ownEndpoints }, { classify, resolve });
    expect(faultOf(await guarded.read(`http://nginx:${nginx.port}/`))).toBe('forbidden');
    expect(nginx.accepted()).toBe(1);
  });

  it.each([
    ['localhost', 'localhost', '127.0.0.1'],
    ['localhost', '127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost', '127.0.0.1'],
    ['[::1]', 'localhost', '127.0.0.1'],
    ['minio', '127.0.0.1', '10.0.0.9'],
  ])('own endpoint %s, listed %s: forbidden when both are one listener', async (own, listed, ownAddress) => {
    await using server = await startRawServer(
      (socket) => socket.write(answer(200, {}, 'x')),
      PRIVATE_ADDRESS,
    );
    const literals: Record<string, string> = {
      '::1': '::1',
      '127.0.0.1': '127.0.0.1',
      localhost: '127.0.0.1',
    };
    await using web = createTestWeb(
      {
        allowHosts: [{ hostname: listed, port: server.port }],
        ownEndpoints: [{ hostname: own, port: server.port }],
      },
      {
        resolve: async (name) => {
          const address = literals[name] ?? ownAddress;
          return [{ address, family: address.includes(':') ? 6 : 4 }];
        },
      },
    );
    const isOneListener = own !== 'minio';
    expect(faultOf(await web.read(`http://${listed}:${server.port}/`))).toBe(
      isOneListener ? 'forbidden' : 'read',
    );
    expect(server.accepted()).toBe(isOneListener ? 0 : 1);
  });

  it('at the port of an own endpoint that cannot be resolved is forbidden', async () => {
    await using web = createTestWeb(
      {
        allowHosts: [{ hostname: '10.0.0.9', port: 9000 }],
        ownEndpoints: [{ hostname: 'minio', port: 9000 }],
      },
      { resolve: failing('ENOTFOUND') },
    );
    expect(faultOf(await web.read('http://10.0.0.9:9000/'))).toBe('forbidden');
  });

  it.each(['127.0.0.1', '169.254.169.254', '::1', 'fe80::1', '100.64.0.1'])(
    'that resolves to %s is forbidden',
    async (address) => {
      await using web = createTestWeb(
        { allowHosts: [{ hostname: 'nginx', port: 80 }] },
        { resolve: async () => [{ address, family: address.includes(':') ? 6 : 4 }] },
      );
      expect(faultOf(await web.read('http://nginx/'))).toBe('forbidden');
    },
  );
});

describe('the lookup', () => {
  const parts: DialParts = {
    policy: createHostPolicy(CONFIG, classifyTestAddress),
    resolve: async (name) => (name === 'mixed.test' ? [PRIVATE, PUBLIC] : resolveTestName(name)),
    isOwnEndpoint: async () => false,
    connectTimeoutMs: 1_000,
  };
  const reach: Reach = new Set(['public']);
  const call = (name: string, options: object): Promise<readonly unknown[]> =>
    new Promise((resolve) => {
      createGuardedLookup(parts, reach, 80)(name, options, (...responses) => resolve(responses));
    });

  it('D11 hands out a list when it is asked for all', async () => {
    expect(await call('mixed.test', { all: true })).toEqual([null, [PUBLIC]]);
  });

  it.each([{}, { all: false }, { family: 4 }, { family: 'IPv4' }, { family: 0 }])(
    'D11 hands out one for %j',
    async (options) => {
      expect(await call('mixed.test', options)).toEqual([null, PUBLIC_ADDRESS, 4]);
    },
  );

  it.each([{ all: true }, {}])(
    'hands out an error and no address for a private name with %j',
    async (options) => {
      const [error, address] = await call('evil.test', options);
      expect(error).toMatchObject({ fault: 'forbidden' });
      expect(address).toBe('');
    },
  );

  it('has no address of a family that the name has none of', async () => {
    for (const family of [6, 'IPv6']) {
      expect(await call('good.test', { family })).toMatchObject([{ fault: 'dns' }, '']);
    }
  });

  const many = (count: number, of: (index: number) => string): Resolve => {
    return async () =>
      Array.from({ length: count }, (_, index) => {
        const address = of(index);
        return { address, family: address.includes(':') ? 6 : 4 };
      });
  };
  const MIXED: readonly (readonly [string, Resolve, readonly string[]])[] = [
    [
      '4,000 addresses',
      many(4_000, (i) => `127.1.0.${i}`),
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `127.1.0.${i}`),
    ],
    ['one address 4,000 times', many(4_000, () => '127.1.0.1'), ['127.1.0.1']],
    ['9 IPv6 addresses', many(9, (i) => `fd0e::${i}`), [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `fd0e::${i}`)],
    [
      '100 IPv4 and then 2 IPv6 addresses',
      many(102, (i) => (i < 100 ? `127.1.0.${i}` : `fd0e::${i}`)),
      [
        '127.1.0.0',
        'fd0e::100',
        '127.1.0.1',
        'fd0e::101',
        '127.1.0.2',
        '127.1.0.3',
        '127.1.0.4',
        '127.1.0.5',
      ],
    ],
    [
      '1,000 forbidden addresses before one allowed',
      many(1_001, (i) => (i < 1_000 ? '10.0.0.1' : '127.1.0.1')),
      ['127.1.0.1'],
    ],
    [
      'a forbidden one between allowed ones',
      many(9, (i) => (i === 4 ? '10.0.0.1' : `127.1.0.${i}`)),
      [0, 1, 2, 3, 5, 6, 7, 8].map((i) => `127.1.0.${i}`),
    ],
  ];
  it.each(MIXED)('hands out at most eight of %s, each once', async (_, resolve, expected) => {
    const isTest = (address: string) => address.startsWith('127.1.') || address.startsWith('fd0e:');
    const policy = createHostPolicy(CONFIG, (one) => (isTest(one) ? 'public' : classifyTestAddress(one)));
    const lookup = createGuardedLookup({ ...parts, policy, resolve }, reach, 80);
    const given = await new Promise((answered) =>
      lookup('many.test', { all: true }, (_error, addresses) => answered(addresses)),
    );
    expect(given).toEqual(expected.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  });

  it('of a name whose 4,000 addresses all refuse makes eight connections for one reading', async () => {
    const dialled: string[] = [];
    const note = (message: unknown) => {
      const { socket } = message as { readonly socket: Socket };
      socket.on('connectionAttempt', (address) => dialled.push(address));
    };
    subscribe('net.client.socket', note);
    const closed = await startRawServer(() => {}, PRIVATE_ADDRESS);
    await closed[Symbol.asyncDispose]();
    await using web = createTestWeb(
      { ports: [closed.port] },
      {
        classify: () => 'public',
        resolve: many(4_000, (i) => `127.9.${Math.floor(i / 250)}.${1 + (i % 250)}`),
      },
    );
    const result = await web.read(`http://many.test:${closed.port}/`, { kind: 'image' });
    unsubscribe('net.client.socket', note);
    expect(faultOf(result)).toBe('connect');
    expect(dialled.filter((address) => address.startsWith('127.9.'))).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((last) => `127.9.0.${last}`),
    );
  });
});
