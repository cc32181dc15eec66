import { describe, expect, it } from '@jest/globals';
import type { FetchConfig } from '../../../../lib/config.ts';
import { addressClass } from '../../../../lib/web/guard/addressPolicy.ts';
import { createHostPolicy, effectivePort } from '../../../../lib/web/guard/hostPolicy.ts';
import { CONFIG, createTestWeb } from '../testWeb.ts';

/** One of each kind; the spellings are tried through the whole service, in test/deep/hostile/urls.test.ts. */
const FORBIDDEN: readonly string[] = [
  'http://127.0.0.1/',
  'http://[::1]/',
  'http://redis./',
  'http://a.localhost/',
  'http://good.test:22/',
  'http://user@good.test/',
  'file:///proc/self/environ',
];

describe('URLs that may not be fetched', () => {
  it.each(FORBIDDEN)(
    '%j is forbidden, by its text and to a reading, before any name is asked for',
    async (url) => {
      const asked: string[] = [];
      await using web = createTestWeb(
        {},
        {
          classify: addressClass,
          resolve: async (name) => {
            asked.push(name);
            return [];
          },
        },
      );
      const refusal = web.web.refusalOf(new URL(url));
      expect(refusal).toMatchObject({ kind: 'failed', fault: 'forbidden' });
      expect(await web.read(url)).toEqual(refusal);
      expect(await web.read(url, { kind: 'image' })).toEqual(refusal);
      expect(asked).toEqual([]);
    },
  );

  it('are not those that only the network can tell', async () => {
    await using web = createTestWeb({}, { classify: addressClass });
    for (const url of [
      'http://good.test/',
      'https://good.test/',
      'http://8.8.8.8/',
      'http://[2606:4700::1]/',
    ]) {
      expect(web.web.refusalOf(new URL(url))).toBeNull();
    }
  });
});

describe('the allow list', () => {
  const NGINX = { hostname: 'nginx', port: 80 };
  const cases: readonly (readonly [string, Partial<FetchConfig>, string, readonly string[]])[] = [
    ['a public name reaches public addresses', {}, 'http://good.test/', ['8.8.8.8', '2606:4700::1']],
    ['a public literal reaches itself', {}, 'http://8.8.8.8/', ['8.8.8.8', '2606:4700::1']],
    [
      'a listed name reaches private and public addresses',
      { allowHosts: [NGINX] },
      'http://nginx/',
      ['8.8.8.8', '2606:4700::1', '172.18.0.4', '::ffff:10.0.0.1', 'fd12::1'],
    ],
    ['a name that is not listed reaches nothing', { allowHosts: [NGINX] }, 'http://xnginx/', []],
    ['a listed name at another port reaches nothing', { allowHosts: [NGINX] }, 'http://nginx:8080/', []],
    [
      'a name that begins like a listed one reaches public addresses only',
      { allowHosts: [NGINX] },
      'http://nginx.evil.test/',
      ['8.8.8.8', '2606:4700::1'],
    ],
    ['a listed name does not open its address', { allowHosts: [NGINX] }, 'http://172.18.0.4/', []],
    [
      'an entry opens its port whatever the port list says',
      { allowHosts: [{ hostname: 'good.test', port: 9999 }] },
      'http://good.test:9999/',
      ['8.8.8.8', '2606:4700::1', '172.18.0.4', '::ffff:10.0.0.1', 'fd12::1'],
    ],
    [
      'localhost reaches loopback alone',
      { allowHosts: [{ hostname: 'localhost', port: 3000 }] },
      'http://localhost:3000/',
      ['127.0.0.1', '::1'],
    ],
    [
      'a loopback literal reaches loopback alone',
      { allowHosts: [{ hostname: '127.0.0.1', port: 3000 }] },
      'http://127.0.0.1:3000/',
      ['127.0.0.1', '::1'],
    ],
    [
      'an IPv6 loopback literal reaches loopback alone',
      { allowHosts: [{ hostname: '[::1]', port: 3000 }] },
      'http://[::1]:3000/',
      ['127.0.0.1', '::1'],
    ],
    [
      'localhost reaches nothing on AWS',
      { allowHosts: [{ hostname: 'localhost', port: 80 }], isLoopbackAllowed: false },
      'http://localhost/',
      [],
    ],
    [
      'an own endpoint is never reached, even if it is listed',
      { allowHosts: [NGINX], ownEndpoints: [NGINX] },
      'http://nginx/',
      [],
    ],
    [
      'an own endpoint with a root dot neither',
      { ownEndpoints: [{ hostname: 'store.good.test', port: 80 }] },
      'http://store.good.test./',
      [],
    ],
    [
      'another port of an own endpoint is like any other',
      { ownEndpoints: [{ hostname: 'store.good.test', port: 80 }] },
      'https://store.good.test/',
      ['8.8.8.8', '2606:4700::1'],
    ],
  ];
  const ADDRESSES = [
    '8.8.8.8',
    '2606:4700::1',
    '172.18.0.4',
    '::ffff:10.0.0.1',
    'fd12::1',
    '127.0.0.1',
    '::1',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '0.0.0.0',
    '::',
    '100.64.0.1',
    'not-an-ip',
  ];
  it.each(cases)('%s', (_, config, href, expected) => {
    const policy = createHostPolicy({ ...CONFIG, ...config });
    const url = new URL(href);
    const reach = policy.reachOf(url.hostname, effectivePort(url.protocol, url.port));
    expect(ADDRESSES.filter((address) => reach !== null && policy.mayDial(address, reach))).toEqual(expected);
  });
});
