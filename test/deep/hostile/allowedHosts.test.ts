/** U44 to U47: what the allow list opens, and what it never opens; one page whatever its spelling (U29, U36 to U38). */
import { describe, expect, it } from '@jest/globals';
import { type FetchConfig, readConfig } from '../../../lib/config.ts';
import { addressClass } from '../../../lib/web/guard/addressPolicy.ts';
import type { Resolve } from '../../../lib/web/guard/resolve.ts';
import {
  answer,
  PRIVATE_ADDRESS,
  PUBLIC_ADDRESS,
  pathOf,
  type Respond,
  startTwins,
} from '../../lib/web/rawServer.ts';
import { createTestWeb, faultOf, resolveTestName } from '../../lib/web/testWeb.ts';
import { pngOf } from '../../support/pictures.ts';
import { startHostileService } from './support/hostileService.ts';

const page: Respond = (socket) => socket.write(answer(200, { 'Content-Type': 'text/html' }, '<p>'));

/** As an operator writes it, against a listener that stands for a private one. */
async function withList(
  list: string,
  url: string,
  {
    address = PRIVATE_ADDRESS,
    own = {},
  }: { address?: string; own?: { S3_ENDPOINT?: string; REDIS_ADDRESS?: string } } = {},
) {
  // The listener's port is known only now.
  const [site, inside] = await startTwins(page, page);
  await using _site = site;
  await using _inside = inside;
  const at = (text: string) => text.replaceAll('PORT', String(site.port));
  const { fetch } = readConfig({
    S3_BUCKET: 'b',
    FETCH_ALLOW_HOSTS: at(list),
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, at(value)])),
  });
  const asked: string[] = [];
  const resolve: Resolve = async (name) => {
    asked.push(name);
    return [{ address, family: address.includes(':') ? 6 : 4 }];
  };
  // Unless a row is about another address, 127.0.0.1 stands for the private one behind the entry.
  const standIn = (one: string) => (one === PRIVATE_ADDRESS ? 'private' : addressClass(one));
  const classify = address === PRIVATE_ADDRESS ? standIn : addressClass;
  await using web = createTestWeb(
    { ...fetch, ports: [80, 443, 8080, 8443, site.port] },
    { resolve, classify },
  );
  const result = faultOf(await web.read(at(url)));
  return { result, met: inside.accepted(), asked };
}

describe('U: the allow list', () => {
  it.each([
    ['U44 the entry itself', 'nginx:PORT', 'http://nginx:PORT/'],
    ['U44 the entry in capitals, the URL not', 'NGINX:PORT', 'http://nginx:PORT/'],
    ['U44 the URL in capitals', 'nginx:PORT', 'http://NGiNX:PORT/'],
    [
      'U44 an entry in Unicode, the URL in Punycode',
      'bücher.intern:PORT',
      'http://xn--bcher-kva.intern:PORT/',
    ],
    [
      'U44 an entry in Punycode, the URL in Unicode',
      'xn--bcher-kva.intern:PORT',
      'http://bücher.intern:PORT/',
    ],
    ['U44 an entry with zeros before its port', 'nginx:0PORT', 'http://nginx:PORT/'],
  ])('%s is opened', async (_row, list, url) => {
    expect(await withList(list, url)).toMatchObject({
      result: 'read',
      met: 1,
    });
  });

  it.each([
    ['U46 another port', 'nginx:9', 'http://nginx:PORT/'],
    ['U46 a name that begins like it', 'nginx:PORT', 'http://nginx.evil.test:PORT/'],
    ['U46 a name that ends like it', 'nginx:PORT', 'http://xnginx:PORT/'],
    ['U46 a name below it', 'nginx.test:PORT', 'http://a.nginx.test:PORT/'],
    ['U46 a name like it with a root dot', 'nginx:PORT', 'http://nginx.:PORT/'],
    ['U46 an entry with a root dot, the name without', 'nginx.:PORT', 'http://nginx:PORT/'],
    ['U46 the address of an entry', 'nginx:PORT', `http://${PRIVATE_ADDRESS}:PORT/`],
    ['U46 the address of an entry, mapped', 'nginx:PORT', `http://[::ffff:${PRIVATE_ADDRESS}]:PORT/`],
    ['U46 an entry before the @', 'nginx:PORT', 'http://nginx:PORT@evil.test/'],
    ['U46 an entry in the path', 'nginx:PORT', 'http://minio:PORT/nginx:PORT'],
    ['U46 a look-alike in Cyrillic', 'nginx:PORT', 'http://ngіnx:PORT/'],
  ])('%s is not opened', async (_row, list, url) => {
    const { result, met } = await withList(list, url);
    expect([result, met]).toEqual(['forbidden', 0]);
  });

  it.each([
    '127.0.0.2',
    '127.0.0.3',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'fd00:ec2::254',
    'fe80::1',
    '100.64.0.1',
    '0.0.0.0',
  ])('U45 a listed name that resolves to %s is forbidden', async (address) => {
    expect(await withList('nginx:PORT', 'http://nginx:PORT/', { address })).toEqual({
      result: 'forbidden',
      met: 0,
      asked: ['nginx'],
    });
  });

  const OWN: readonly (readonly [row: string, list: string, url: string, own: string])[] = [
    ['listed', 'own:PORT', 'http://own:PORT/', 'own:PORT'],
    ['in capitals', 'own:PORT', 'http://OWN:PORT/', 'SCHEME://Own:PORT'],
    ['with a root dot', 'own.:PORT', 'http://own.:PORT/', 'own:PORT'],
    ['under another name', 'nginx:PORT', 'http://nginx:PORT/', 'own:PORT'],
    ['by its address', `${PRIVATE_ADDRESS}:PORT`, `http://${PRIVATE_ADDRESS}:PORT/`, 'own:PORT'],
    ['given by its address', 'nginx:PORT', 'http://nginx:PORT/', `${PRIVATE_ADDRESS}:PORT`],
    ['given by a URL with a password', 'own:PORT', 'http://own:PORT/', 'SCHEME://user:secret@own:PORT'],
    ['that listens everywhere', 'localhost:PORT', 'http://localhost:PORT/', '0.0.0.0:PORT'],
    ['that listens everywhere in IPv6', 'localhost:PORT', 'http://localhost:PORT/', 'SCHEME://[::]:PORT'],
  ];
  const rows = OWN.flatMap(([row, list, url, own]) => [
    // Credentials in the address of the store are a fault of the settings.
    ...(own.includes('@')
      ? []
      : [[`U47 the store ${row}`, list, url, { S3_ENDPOINT: own.replace('SCHEME', 'http') }] as const]),
    [`U47 Redis ${row}`, list, url, { REDIS_ADDRESS: own.replace('SCHEME', 'redis') }] as const,
    [
      `U47 Redis ${row}, with TLS`,
      list,
      url,
      { REDIS_ADDRESS: `rediss://${own.replace('SCHEME://', '')}` },
    ] as const,
  ]);
  it.each([
    ...rows,
    // A scheme of the web's own has such hosts rewritten by the parser; that of Redis has not.
    [
      'U47 the store given by a decimal address',
      'nginx:PORT',
      'http://nginx:PORT/',
      { S3_ENDPOINT: 'http://2130706433:PORT' },
    ] as const,
  ])('%s is forbidden', async (_row, list, url, own) => {
    expect(await withList(list, url, { own })).toMatchObject({
      result: 'forbidden',
      met: 0,
    });
  });

  it('U47 what is nobody’s own is not forbidden with it', async () => {
    const own = { S3_ENDPOINT: 'own:9', REDIS_ADDRESS: 'redis:9' };
    expect(await withList('nginx:PORT', 'http://nginx:PORT/', { own })).toMatchObject({
      result: 'read',
      met: 1,
    });
  });

  it('R07 a redirect to another port of a listed host is forbidden', async () => {
    const [site, inside] = await startTwins(page, (socket) =>
      socket.write(answer(302, { Location: 'http://nginx:9000/' })),
    );
    await using _site = site;
    await using _inside = inside;
    const config: Partial<FetchConfig> = { allowHosts: [{ hostname: 'nginx', port: site.port }] };
    await using web = createTestWeb(config, {
      resolve: async () => [{ address: PRIVATE_ADDRESS, family: 4 }],
      classify: () => 'private',
    });
    expect(faultOf(await web.read(`http://nginx:${site.port}/`))).toBe('forbidden');
    expect(inside.heads).toHaveLength(1);
  });

  it('U44 connections that one service may keep to a private host are of no use to another', async () => {
    const [site, inside] = await startTwins(page, page);
    await using _site = site;
    await using _inside = inside;
    const resolve: Resolve = async () => [{ address: PRIVATE_ADDRESS, family: 4 }];
    const classify = (address: string) => (address === PUBLIC_ADDRESS ? 'public' : 'private');
    await using open = createTestWeb(
      { allowHosts: [{ hostname: 'wiki.test', port: site.port }] },
      { resolve, classify },
    );
    await using closed = createTestWeb({ ports: [site.port] }, { resolve, classify });
    const url = `http://wiki.test:${site.port}/`;
    expect([
      faultOf(await open.read(url)),
      faultOf(await closed.read(url)),
      faultOf(await open.read(url)),
    ]).toEqual(['read', 'forbidden', 'read']);
    expect(inside.heads).toHaveLength(2);
  });
});

describe('U: spellings of one page', () => {
  it.each([
    ['U36', (port: number) => `HTTP://GOOD.test:${port}`],
    ['U36', (port: number) => `http://good.test:0${port}/`],
    ['U36', (port: number) => `http://good.test:${port}/a/../`],
    ['U36', (port: number) => `http://good.test:${port}/a/%2e%2E/`],
    ['U36', (port: number) => `http://good.test:${port}/#f`],
    ['U36', (port: number) => `http://g%6fod.test:${port}/./`],
    ['U37', (port: number) => `  http://good.test:${port}/  `],
    ['U37', (port: number) => `http://go\tod.te\nst:${port}/\r\n`],
    ['U37', (port: number) => `\u0000\u001fhttp://good.test:${port}/`],
  ])('%s case %#: a second POST is 409, and GET knows it', async (_row, spell) => {
    await using service = await startHostileService({ respond: page });
    expect((await service.post(service.url())).code).toBe('OK');
    const other = spell(service.site.port);
    expect((await service.post(other)).code).toBe('URL_ALREADY_PROCESSED');
    const got = await service.get(other);
    expect([got.code, got.body.url]).toEqual(['OK', service.url()]);
    expect([service.store.kept.size, service.site.heads.length]).toEqual([1, 1]);
  });

  it.each([
    [
      'U29 a backslash before the @',
      (port: number) => `http://good.test:${port}\\@127.0.0.1/`,
      '/@127.0.0.1/',
    ],
    [
      'U30 an @ in path and query',
      (port: number) => `http://good.test:${port}/@127.0.0.1/?u=a@127.0.0.1`,
      '/@127.0.0.1/?u=a@127.0.0.1',
    ],
    ['U38 CR, LF and a header', (port: number) => `http://good.test:${port}/\r\nHost: evil`, '/Host:%20evil'],
    [
      'U38 encoded CR and LF',
      (port: number) => `http://good.test:${port}/%0d%0aHost:%20evil`,
      '/%0d%0aHost:%20evil',
    ],
    ['U38 CR and LF in the query', (port: number) => `http://good.test:${port}/?a\r\nX: y`, '/?aX:%20y'],
    ['U38 a line separator', (port: number) => `http://good.test:${port}/\u2028\u0085`, '/%E2%80%A8%C2%85'],
  ])('%s: good.test alone is asked, in one line', async (_row, spell, path) => {
    await using service = await startHostileService({ respond: page });
    const { code, headers } = await service.post(spell(service.site.port));
    expect(code).toBe('OK');
    expect(headers.location ?? headers.Location).not.toMatch(/[\r\n]/);
    expect(service.site.heads.map(pathOf)).toEqual([path]);
    expect(service.site.heads[0]).toMatch(
      new RegExp(`^GET \\S+ HTTP/1\\.1\r\nhost: good\\.test:${service.site.port}\r\n`, 'i'),
    );
    expect(service.inside.accepted()).toBe(0);
  });

  it.each([
    ['faß.test', 'xn--fa-hia.test'],
    ['münchen.test', 'xn--mnchen-3ya.test'],
    ['MÜNCHEN.test', 'xn--mnchen-3ya.test'],
    ['☃.test', 'xn--n3h.test'],
  ])('U42 %s is %s, in its record and at the name server', async (given, expected) => {
    const asked: string[] = [];
    await using service = await startHostileService({
      respond: (socket, head) =>
        socket.write(
          pathOf(head) === '/'
            ? answer(200, { 'Content-Type': 'text/html' }, '<img src=i.png>')
            : answer(200, {}, pngOf(1)),
        ),
      web: {
        resolve: async (name) => {
          asked.push(name);
          return resolveTestName('good.test');
        },
      },
    });
    const { body } = await service.post(service.url('/', given));
    expect(body.url).toBe(service.url('/', expected));
    expect(new Set(asked)).toEqual(new Set([expected]));
    expect((await service.post(service.url('/', expected))).code).toBe('URL_ALREADY_PROCESSED');
  });
});
