import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ObjectStore, startObjectStore } from '../../../local-stack/embedded/objectStore.ts';

const SIGNED = { authorization: 'any' };

describe('the embedded object store', () => {
  let directory: string;
  let store: ObjectStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'object-store-'));
    store = await startObjectStore({ port: 0, directory, bucket: 'bucket' });
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(`${store.endpoint}${path}`, { method, headers: { ...SIGNED, ...headers }, ...(body && { body }) });
  const put = (key: string, body: string, headers: Record<string, string> = {}) =>
    ask('PUT', `/bucket/${key}`, headers, body);
  const codeOf = async (answer: Response) => /<Code>(\w+)</.exec(await answer.text())?.[1];

  it('listens on this machine alone', () => {
    expect(new URL(store.endpoint).hostname).toBe('127.0.0.1');
  });

  it('keeps bytes, type, disposition and ETag across a restart', async () => {
    const headers = { 'content-type': 'image/svg+xml', 'content-disposition': 'attachment' };
    const written = await put('images/i/p/o/a.svg', '<svg/>\n\n', headers);
    await store.close();
    store = await startObjectStore({ port: 0, directory, bucket: 'bucket' });
    const answer = await ask('GET', '/bucket/images/i/p/o/a.svg');
    expect(await answer.text()).toBe('<svg/>\n\n');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      ...headers,
      etag: written.headers.get('etag'),
    });
  });

  it('rejects with EADDRINUSE when the port is taken', async () => {
    const port = Number(new URL(store.endpoint).port);
    await expect(startObjectStore({ port, directory, bucket: 'bucket' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('leaves no drafts behind', async () => {
    await put('pages/a.json', 'one');
    await put('pages/a.json', 'two', { 'if-none-match': '*' });
    expect(await readdir(join(directory, 'bucket', 'drafts'))).toEqual([]);
    expect(await readdir(join(directory, 'bucket', 'objects'))).toHaveLength(1);
  });

  const conditions = [
    ['if-none-match', () => '*', 412],
    ['if-none-match', (etag: string) => etag, 501],
    ['if-match', (etag: string) => etag, 200],
    ['if-match', (etag: string) => etag.replaceAll('"', ''), 200],
    ['if-match', () => '*', 200],
    ['if-match', (etag: string) => `W/${etag}`, 412],
    ['if-match', () => '"other"', 412],
  ] as const;
  it.each(conditions)(
    'answers a PUT over an object by its %s (%s) with %i',
    async (header, tagFor, status) => {
      const etag = (await put('pages/a.json', 'one')).headers.get('etag') ?? '';
      expect((await put('pages/a.json', 'two', { [header]: tagFor(etag) })).status).toBe(status);
      expect(await (await ask('GET', '/bucket/pages/a.json')).text()).toBe(status === 200 ? 'two' : 'one');
    },
  );

  it('answers If-Match where nothing is with 404, as S3 does', async () => {
    expect(await codeOf(await put('pages/a.json', 'one', { 'if-match': '"e"' }))).toBe('NoSuchKey');
  });

  const foreignKeys = [
    'pages/..%2f..%2fx',
    'pages/%2e%2e%2f%2e%2e%2fx',
    'images//a',
    'images/a%5Cb',
    'images/a%00b',
    'images/',
    'pages',
    'other/a',
    '%2e%2e%2fpages/a',
    `images/${'a'.repeat(256)}`,
    `images/${'aaaaaaa/'.repeat(128)}`,
  ];
  it.each(foreignKeys)('does not write %s', async (key) => {
    expect((await put(key, 'x')).status).toBe(400);
    expect(await readdir(join(directory, 'bucket', 'objects'))).toEqual([]);
  });

  it('knows no other bucket', async () => {
    expect(await codeOf(await ask('GET', '/other/pages/a.json'))).toBe('NoSuchBucket');
    expect(await codeOf(await ask('PUT', '/other'))).toBe('NoSuchBucket');
  });

  it('has the bucket already', async () => {
    expect((await ask('PUT', '/bucket')).status).toBe(200);
    expect((await ask('HEAD', '/bucket/')).status).toBe(200);
  });

  it('answers HEAD as GET without the body', async () => {
    await put('images/a', '12345', { 'content-type': 'image/png' });
    const answer = await ask('HEAD', '/bucket/images/a');
    expect(answer.headers.get('content-length')).toBe('5');
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(await answer.text()).toBe('');
  });

  it('takes nothing from a page in a browser: an unsigned request', async () => {
    await put('images/a', 'x');
    const link = '?X-Amz-Signature=x&X-Amz-Date=20260101T000000Z&X-Amz-Expires=999999999';
    for (const [method, path] of [
      ['GET', '/bucket/images/a'],
      ['PUT', `/bucket/images/a${link}`],
      ['POST', `/bucket/${link}&delete`],
      ['DELETE', `/bucket/images/a${link}`],
    ] as const) {
      expect((await fetch(`${store.endpoint}${path}`, { method })).status).toBe(403);
    }
  });

  const links = [
    ['whose time is not over', 'X-Amz-Signature=x&X-Amz-Date=20260101T000000Z&X-Amz-Expires=999999999', 200],
    ['whose time is over', 'X-Amz-Signature=x&X-Amz-Date=20200101T000000Z&X-Amz-Expires=900', 403],
    ['without a signature', 'X-Amz-Date=20260101T000000Z&X-Amz-Expires=999999999', 403],
    ['without a time', 'X-Amz-Signature=x', 403],
  ] as const;
  it.each(links)('opens a link %s: %s', async (_, query, status) => {
    await put('images/a', 'x');
    expect((await fetch(`${store.endpoint}/bucket/images/a?${query}`)).status).toBe(status);
  });

  it('does not store the framing of a streamed upload', async () => {
    const answer = await put('images/a', '5;chunk-signature=x\r\nhello\r\n', {
      'content-encoding': 'aws-chunked',
    });
    expect(answer.status).toBe(400);
  });

  it('removes keys with signs that XML writes otherwise', async () => {
    const key = `images/a&<>"'ä`;
    await put(encodeURIComponent(key).replaceAll('%2F', '/'), 'x');
    const xml = '<Delete><Object><Key>images/a&amp;&#60;&#x3E;&quot;&apos;ä</Key></Object></Delete>';
    expect((await ask('POST', '/bucket/?delete', {}, xml)).status).toBe(200);
    expect(await (await ask('GET', '/bucket/?list-type=2')).text()).not.toContain('<Key>');
  });
});
