import { globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Site, startSite } from '../../../local-stack/front/site.ts';
import { ROOT } from '../../support/startApp.ts';

const FILES = {
  'secret.txt': 'not for you',
  'static/sample/index.html': '<p>home',
  'static/sample/a.png': 'png',
  'static/sample/b.WEBP': 'webp',
  'static/sample/drawing.svg': '<svg/>',
  'static/sample/with space.gif': 'gif',
  'static/sample/unknown.xyz': '?',
  'static/make.ts': 'code',
  'static/make.MJS': 'code',
  'static/make.cjs': 'code',
  'static/README.md': 'text',
  'static/noType': 'text',
  'static/archive.html.bak': 'old',
  'static/sample/.hidden': 'hidden',
  'static/sample/changing/v1/index.html': 'first',
  'static/sample/changing/v2/index.html': 'other',
};

let folder = '';
let site: Site;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  site = await startSite({ folder: join(folder, 'static'), host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await site.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, init?: RequestInit) =>
  fetch(`${site.url}${path}`, { redirect: 'manual', ...init });

/** Sends the path as it stands; `fetch` would tidy it up. */
const raw = (path: string) =>
  new Promise<{ readonly status: number | undefined; readonly location: string | undefined }>(
    (resolve, reject) => {
      request({ host: '127.0.0.1', port: new URL(site.url).port, path }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, location: response.headers.location });
      })
        .once('error', reject)
        .end();
    },
  );
const rawStatus = async (path: string) => (await raw(path)).status;

describe('the sample site', () => {
  it.each([
    ['/sample/', 'text/html; charset=utf-8'],
    ['/sample/a.png', 'image/png'],
    ['/sample/b.WEBP', 'image/webp'],
    ['/sample/drawing.svg', 'image/svg+xml'],
    ['/sample/with%20space.gif', 'image/gif'],
  ])('serves %s as %s', async (path, type) => {
    const response = await get(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    expect(Number(response.headers.get('content-length'))).toBe((await response.arrayBuffer()).byteLength);
  });

  it('answers a condition that still holds with 304', async () => {
    const { headers } = await get('/sample/a.png');
    const etag = headers.get('etag') ?? '';
    const since = headers.get('last-modified') ?? '';
    const statusWith = async (conditions: Record<string, string>) =>
      (await get('/sample/a.png', { headers: conditions })).status;
    expect(await statusWith({ 'If-None-Match': etag })).toBe(304);
    expect(await statusWith({ 'If-None-Match': `"other", W/${etag}` })).toBe(304);
    expect(await statusWith({ 'If-None-Match': '"other"', 'If-Modified-Since': since })).toBe(200);
    expect(await statusWith({ 'If-Modified-Since': since })).toBe(304);
    expect(await statusWith({ 'If-Modified-Since': new Date(Date.parse(since) - 1000).toUTCString() })).toBe(
      200,
    );
    expect(await statusWith({ 'If-Modified-Since': 'yesterday' })).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const response = await get('/sample/a.png', { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      '3',
      '',
    ]);
  });

  it('sends a folder without its slash to the one with it', async () => {
    const response = await get('/sample');
    expect([response.status, response.headers.get('location')]).toEqual([301, '/sample/']);
  });

  it('sends nobody to another host, however the path is spelled', async () => {
    const slash = fc.constantFrom(
      '/',
      '%2F',
      '%2f',
      '\\',
      '%5C',
      '%5c',
      '//',
      '/./',
      '/.//',
      '/%2e/',
      '%09',
      '%0d',
    );
    const name = fc.constantFrom(
      'sample',
      'evil.test',
      '@evil.test',
      'sample/changing',
      'sample%3fa',
      '',
      '.',
    );
    const path = fc.array(fc.tuple(slash, name), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(path, async (parts) => {
        const target = `/${parts.flat().join('').replace(/^\//, '')}`;
        const { location } = await raw(target);
        if (location === undefined) return;
        expect(new URL(location, site.url).origin).toBe(site.url);
        expect(location).toMatch(/^\/(?![/\\])/);
      }),
      { numRuns: 300, examples: [[[['%2F', 'sample']]], [[['//', 'sample']]], [[['%5C', 'sample']]]] },
    );
  });

  it.each(['/%2Fsample', '//sample', '/%2fsample', '/.//sample', '/sample%2F%2Fchanging', '/%2F%2Fsample'])(
    'has no folder at %s',
    async (path) => {
      expect(await raw(path)).toEqual({ status: 404, location: undefined });
    },
  );

  it.each([
    '/sample/missing.png',
    '/sample/a.png/',
    '/sample/.hidden',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/sample/..%2f..%2f..%2fsecret.txt',
    '//secret.txt',
    '/sample/unknown.xyz',
    '/make.ts',
    '/make.MJS',
    '/make.cjs',
    '/README.md',
    '/noType',
    '/archive.html.bak',
    '/make.ts/',
  ])('has nothing at %s', async (path) => {
    expect(await rawStatus(path)).toBe(404);
  });

  it.each(['/%', '/%00', '/..%5csecret.txt', '/a%0d%0ab'])('refuses %s', async (path) => {
    expect(await rawStatus(path)).toBe(400);
  });

  it('takes no other method', async () => {
    const response = await get('/sample/', { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('shows the next version of the changing page when told to, and the first one again after the last', async () => {
    const next = async () => (await get('/sample/changing/next', { method: 'POST' })).json();
    const shown = async () => (await get('/sample/changing/')).text();
    expect(await shown()).toBe('first');
    expect(await next()).toEqual({ version: 'v2' });
    expect(await shown()).toBe('other');
    expect(await next()).toEqual({ version: 'v1' });
    expect(await shown()).toBe('first');
    expect((await get('/sample/changing/next')).status).toBe(405);
  });

  it('never calls one version of the changing page unchanged from another', async () => {
    const before = await get('/sample/changing/');
    await get('/sample/changing/next', { method: 'POST' });
    const headers = { 'If-Modified-Since': new Date().toUTCString() };
    expect((await get('/sample/changing/', { headers })).status).toBe(200);
    expect(
      (await get('/sample/changing/', { headers: { 'If-None-Match': before.headers.get('etag') ?? '' } }))
        .status,
    ).toBe(200);
  });
});

it('the site has every file of its folder, and nothing that made them', async () => {
  const own = await startSite({ folder: join(ROOT, 'static'), host: '127.0.0.1', port: 0 });
  const files = globSync('**/*.*', { cwd: join(ROOT, 'static') }).filter(
    (file) => !file.startsWith('sample/changing/'),
  );
  expect(files.length).toBeGreaterThan(80);
  try {
    const missing: string[] = [];
    for (const file of files) {
      const response = await fetch(`${own.url}/${file}`);
      await response.arrayBuffer();
      if (response.status !== 200) missing.push(file);
    }
    expect(missing).toEqual([]);
    for (const file of [
      'makeExpected.ts',
      'makeImages.mjs',
      'motifs.mjs',
      'tools/samplePictures/motifs.mjs',
    ]) {
      expect((await fetch(`${own.url}/${file}`)).status).toBe(404);
    }
  } finally {
    await own.close();
  }
});
