import { describe, expect, it } from '@jest/globals';
import type { FetchConfig } from '../../../../lib/config.ts';
import { addressClass } from '../../../../lib/web/guard/addressPolicy.ts';
import { createHostPolicy, effectivePort } from '../../../../lib/web/guard/hostPolicy.ts';
import { CONFIG, createTestWeb, faultOf } from '../testWeb.ts';

const SPELLINGS: readonly string[] = [
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://0X7F.0.0.0x1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://00000000177.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://127.00000.0.1/',
  'http://127.0.0.1./',
  'http://127.255.255.254/',
  'http://localhost/',
  'http://localhost./',
  'http://LOCALHOST/',
  'http://lo%63alhost/',
  'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
  'http://a.localhost/',
  'http://a.localhost./',
  'http://localhost.localdomain/',
  'http://%31%32%37.0.0.1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/',
  'http://0/',
  'http://0x/',
  'http://0.0.0.0/',
  'http://0xA9FEA9FE/',
  'http://2852039166/',
  'http://0251.0376.0251.0376/',
  'http://169.254.169.254/latest/meta-data/',
  'http://169.254.170.2/v2/credentials/x',
  'http://169.254.170.23/',
  'http://100.100.100.200/latest/meta-data/',
  'http://168.63.129.16/',
  'http://192.0.0.192/',
  'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:FFFF:127.0.0.1]/',
  'http://[::127.0.0.1]/',
  'http://[::ffff:0:127.0.0.1]/',
  'http://[64:ff9b::127.0.0.1]/',
  'http://[64:ff9b:1::7f00:1]/',
  'http://[64:ff9b::808:808]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/',
  'http://[2606:4700::5efe:7f00:1]/',
  'http://[100:0:0:1::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fd20:ce::254]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.0.1/',
  'http:127.0.0.1/',
  'http:/127.0.0.1/',
  'http:///127.0.0.1/',
  'http:\\\\127.0.0.1\\',
  'http://12\t7.0.0.1/',
  'https://127.0.0.1/',
  'https://[::1]/',
  'http://redis/',
  'http://redis./',
  'http://minio:80/',
  'http://nginx/',
  'http://kubernetes/',
  'http://printer.local/',
  'http://metadata.google.internal/',
  'http://instance-data.ec2.internal/',
  'http://router.home.arpa/',
  'http://nas.lan/',
  'http://wiki.corp/',
  'http://a.b.intranet./',
  'http://good.test:22/',
  'http://good.test:25/',
  'http://good.test:6379/',
  'http://good.test:9000/',
  'http://good.test:11211/',
  'http://good.test:0/',
  'http://8.8.8.8:22/',
  'http://user:pass@good.test/',
  'http://user@good.test/',
  'http://:pass@good.test/',
  'file:///proc/self/environ',
  'ftp://good.test/',
  'data:text/html,x',
  'ws://good.test/',
];

describe('URLs that may not be fetched', () => {
  it.each(SPELLINGS)('%j is forbidden before any name is asked for', async (url) => {
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
    expect(faultOf(await web.read(url))).toBe('forbidden');
    expect(faultOf(await web.read(url, { kind: 'image' }))).toBe('forbidden');
    expect(asked).toEqual([]);
  });

  it('all get the same sentence, without address or rule', async () => {
    await using web = createTestWeb({}, { classify: addressClass });
    const details = new Set<string>();
    for (const url of SPELLINGS) {
      const result = await web.read(url);
      if (result.kind === 'failed') details.add(result.detail);
    }
    expect([...details]).toEqual([
      'The address, name or port is not one that this service fetches from; its operator may allow a host with FETCH_ALLOW_HOSTS.',
    ]);
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
