/** Where a store may be: below a path, with the bucket in its host name, behind a certificate of one's own. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../lib/config.ts';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import type { ObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { type Addressing, startAddressedStore } from '../../support/addressedStore.ts';
import { newPage } from '../../support/builders.ts';
import { embeddedStore } from '../../support/embeddedStore.ts';
import { namesLeadHere } from '../../support/namesLeadHere.ts';
import { ROOT } from '../../support/startApp.ts';
import { createAuthority } from '../web/selfSigned.ts';

const NAME = 'images/i/p/op/a b+ä.png';
const BYTES = Buffer.from('bytes of an image');

let server: ObjectStore;
const open: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await embeddedStore('bucket');
  open.push(() => server.close());
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function addressed(addressing: Addressing) {
  const front = await startAddressedStore(server.endpoint, addressing);
  open.push(() => front.close());
  return front;
}

/** With settings as a user gives them. */
function storeWith(settings: Readonly<Record<string, string>>): S3Store {
  const { accessKeyId, secretAccessKey } = LOCAL_KEYS;
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const store = createS3Store(readConfig({ S3_BUCKET: 'bucket', ...keys, ...settings }).store);
  open.push(() => store.close());
  return store;
}

const put = ({ images }: S3Store) => images.put(NAME, BYTES, 'image/png', new AbortController().signal);

/** Every call of the protocol, once at least. */
async function useAll(store: S3Store): Promise<void> {
  const { pageId, recordOf } = newPage();
  await store.records.verify();
  expect(await store.records.write(pageId, recordOf([]), { ifAbsent: true })).toMatchObject({
    kind: 'written',
  });
  expect((await store.records.read(pageId))?.record).toEqual(recordOf([]));
  await put(store);
  const listed = await Array.fromAsync(store.images.list('images/'));
  expect(listed.map(({ name }) => name)).toEqual([NAME]);
  expect(await textOf(await store.images.link(NAME))).toBe(BYTES.toString());
  await store.images.remove([NAME]);
  expect(await Array.fromAsync(store.images.list('images/'))).toEqual([]);
}

async function textOf(link: string): Promise<string> {
  const response = await fetch(link);
  return response.ok ? response.text() : `${response.status}`;
}

const resolveHere = (domain: string) => open.push(namesLeadHere(domain));

describe('an endpoint with a path', () => {
  const below = (path: string): Addressing => ({
    toTarget: (_, given) => (given.startsWith(`${path}/`) ? given.slice(path.length) : null),
  });

  it.each(['/storage/v1/s3', '/s3', '/a%20b/c'])(
    '%s is part of every request and its signature',
    async (path) => {
      const { port, requests } = await addressed(below(path));
      await useAll(storeWith({ S3_ENDPOINT: `http://127.0.0.1:${port}${path}` }));
      const others = requests.filter((request) => !request.includes(`127.0.0.1:${port}${path}/bucket`));
      expect(others).toEqual([]);
    },
  );

  it('may end with slashes, and have no scheme', async () => {
    const { port } = await addressed(below('/s3'));
    await useAll(storeWith({ S3_ENDPOINT: `127.0.0.1:${port}/s3//` }));
  });

  it('is that of links alone', async () => {
    const { port } = await addressed(below('/files'));
    const store = storeWith({
      S3_ENDPOINT: server.endpoint,
      S3_PUBLIC_ENDPOINT: `http://localhost:${port}/files/`,
    });
    await put(store);
    const link = await store.images.link(NAME);
    expect(link.startsWith(`http://localhost:${port}/files/bucket/images/`)).toBe(true);
    expect(await textOf(link)).toBe(BYTES.toString());
  });

  it('needs a proxy that leaves the path: one that cuts it off breaks the signature', async () => {
    const { port } = await addressed({ toTarget: (_, path) => path });
    const store = storeWith({ S3_ENDPOINT: server.endpoint, S3_PUBLIC_ENDPOINT: `localhost:${port}/files` });
    await put(store);
    const cut = (await store.images.link(NAME)).replace('/files/', '/');
    expect(await textOf(cut)).toBe('403');
  });
});

describe('the bucket in the host name', () => {
  const inHost: Addressing = {
    toTarget: (hostname, path) => (hostname === 'bucket.store.test' ? `/bucket${path}` : null),
  };

  it('is called and signed so with S3_FORCE_PATH_STYLE=false', async () => {
    resolveHere('store.test');
    const { port, requests } = await addressed(inHost);
    await useAll(storeWith({ S3_ENDPOINT: `http://store.test:${port}`, S3_FORCE_PATH_STYLE: 'false' }));
    const others = requests.filter((request) => !request.includes(` bucket.store.test:${port}/`));
    expect(others).toEqual([]);
  });

  it('below a path too', async () => {
    resolveHere('store.test');
    const { port } = await addressed({
      toTarget: (hostname, path) =>
        hostname === 'bucket.store.test' && path.startsWith('/s3/')
          ? `/bucket${path.slice('/s3'.length)}`
          : null,
    });
    await useAll(storeWith({ S3_ENDPOINT: `http://store.test:${port}/s3`, S3_FORCE_PATH_STYLE: 'false' }));
  });

  it('is not there by default, and that says so', async () => {
    resolveHere('store.test');
    const { port, requests } = await addressed(inHost);
    const { records } = storeWith({ S3_ENDPOINT: `http://store.test:${port}` });
    await expect(records.verify()).rejects.toMatchObject({
      detail: expect.stringMatching(/bucket does not exist/),
    });
    expect(requests[0]).toMatch(new RegExp(`^GET store\\.test:${port}/bucket/checks/`));
  });

  it('is that of links too', async () => {
    resolveHere('files.test');
    const { port } = await addressed({
      toTarget: (hostname, path) => (hostname === 'bucket.files.test' ? `/bucket${path}` : null),
    });
    // An address has no room for a bucket: there it stays in the path.
    const store = storeWith({
      S3_ENDPOINT: server.endpoint,
      S3_PUBLIC_ENDPOINT: `http://files.test:${port}`,
      S3_FORCE_PATH_STYLE: 'false',
    });
    await put(store);
    const link = await store.images.link(NAME);
    expect(link.startsWith(`http://bucket.files.test:${port}/images/`)).toBe(true);
    expect(await textOf(link)).toBe(BYTES.toString());
  });

  it('is no address that a harvest may reach', () => {
    const settings = { S3_BUCKET: 'bucket', S3_ENDPOINT: 'https://Store.test', S3_FORCE_PATH_STYLE: 'false' };
    expect(readConfig(settings).fetch.ownEndpoints).toEqual([
      { hostname: 'store.test', port: 443 },
      { hostname: 'bucket.store.test', port: 443 },
    ]);
  });
});

describe('a store behind a certificate of a private authority', () => {
  const authority = createAuthority(new Date());
  const behindTls = () =>
    addressed({ toTarget: (_, path) => path, certificate: authority.issue('localhost') });

  it('is trusted with S3_CA as text, and as the path of a file', async () => {
    const { port } = await behindTls();
    const folder = await mkdtemp(join(tmpdir(), 's3-ca-'));
    open.push(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'ca.pem');
    await writeFile(file, authority.cert);
    for (const S3_CA of [authority.cert, authority.cert.replaceAll('\n', '\\n'), file]) {
      const store = storeWith({ S3_ENDPOINT: `https://localhost:${port}`, S3_CA });
      await store.records.verify();
      await put(store);
    }
  });

  it('is not trusted without it, or with another authority', async () => {
    const { port } = await behindTls();
    for (const others of [{}, { S3_CA: createAuthority(new Date()).cert }]) {
      const { records } = storeWith({ S3_ENDPOINT: `https://localhost:${port}`, ...others });
      await expect(records.verify()).rejects.toMatchObject({
        detail: expect.stringMatching(/set S3_CA to the certificate of its authority/),
      });
    }
  });

  it('is trusted with NODE_EXTRA_CA_CERTS, which Node reads as it starts', async () => {
    const { port } = await behindTls();
    const folder = await mkdtemp(join(tmpdir(), 's3-ca-'));
    open.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'ca.pem'), authority.cert);
    const config = {
      bucket: 'bucket',
      region: 'us-east-1',
      endpoint: `https://localhost:${port}`,
      credentials: LOCAL_KEYS,
      linkTtlSeconds: 60,
    };
    const script = `
      import { createS3Store } from '${join(ROOT, 'lib/s3/store.ts')}';
      const store = createS3Store(${JSON.stringify(config)});
      await store.records.verify();
      console.log('trusted');
      store.close();
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--no-warnings', '--input-type=module', '--eval', script],
      { env: { ...process.env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } },
    );
    expect(stdout.trim()).toBe('trusted');
  });
});
