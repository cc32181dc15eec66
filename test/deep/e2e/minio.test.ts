/** `npm start` on the very MinIO that docker-compose.yml names, without Docker. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { findMinIo, type MinIo, startMinIo } from '../../support/minio.ts';
import { type App, freePorts, ROOT, startApp } from '../../support/startApp.ts';
import { until } from '../../support/until.ts';

const program = findMinIo();

interface Body {
  readonly code?: string;
  readonly images?: readonly string[];
  readonly changes?: { readonly unchanged: readonly string[] };
}

describe('npm start on MinIO', () => {
  if (program === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }
  let minio: MinIo;
  let store: S3Store;
  let app: App;
  beforeAll(async () => {
    minio = await startMinIo(program);
    store = createS3Store(minio.config);
    const { endpoint, bucket, credentials } = minio.config;
    // Without Redis no lock keeps two writers apart: they meet at the bucket.
    const [deadPort] = await freePorts(1);
    app = await startApp({
      env: {
        S3_ENDPOINT: endpoint,
        S3_BUCKET: bucket,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        REDIS_ADDRESS: `127.0.0.1:${deadPort}`,
      },
    });
  });
  afterAll(async () => {
    await app?.stop();
    store?.close();
    await minio?.close();
  });

  const call = async (method: 'GET' | 'POST' | 'PUT', page: string) => {
    const url = `${app.siteUrl}/sample/${page}`;
    const isGet = method === 'GET';
    const response = await fetch(`${app.apiUrl}/images${isGet ? `?url=${encodeURIComponent(url)}` : ''}`, {
      method,
      ...(!isGet && { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url }) }),
    });
    const body = (await response.json()) as Body;
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
  };
  const objects = async () => {
    const names: string[] = [];
    for await (const { name } of store.images.list('images/')) names.push(name);
    return names.sort();
  };

  it('is tried on the release that is named', () => {
    const [named] = /RELEASE\.[\dTZ-]+/.exec(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) ?? [];
    const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
    expect(said).toContain(`version ${named} `);
  });

  it('harvests into a fresh bucket, knows the page again, and brings it up to date', async () => {
    const created = await call('POST', '');
    expect(created.status).toBe(201);
    const names = created.body.images ?? [];
    expect(names).toHaveLength(8);
    expect(await objects()).toEqual([...names].sort());
    expect(await call('POST', '')).toMatchObject({ status: 409, body: { code: 'URL_ALREADY_PROCESSED' } });
    expect(await call('PUT', '')).toMatchObject({ status: 200, body: { changes: { unchanged: names } } });
    expect((await call('GET', '')).body.images).toEqual(names);
  });

  it('takes back what a lost commit has uploaded', async () => {
    const before = await objects();
    const responses = await Promise.all(Array.from({ length: 4 }, () => call('POST', '?contested')));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const { images = [] } = responses.find(({ status }) => status === 201)?.body ?? {};
    const added = (await objects()).filter((name) => !before.includes(name));
    expect(added).toEqual([...images].sort());
  });

  it('loses nothing that it promised when MinIO is killed in the middle, and goes on once it is back', async () => {
    // As many as HARVESTS_MAX lets in at once: no more would be refused before they begin.
    const pages = Array.from({ length: 8 }, (_, n) => `?killed-${n}`);
    let created = 0;
    const posts = pages.map(async (page) => {
      const response = await call('POST', page);
      if (response.status === 201) created += 1;
      return response;
    });
    await until(() => created > 0);
    await minio.kill();
    const first = await Promise.all(posts);
    const promised = first.flatMap(({ status, body }, n) =>
      status === 201 ? [[pages[n] ?? '', body.images] as const] : [],
    );
    const others = first.filter(({ status }) => status !== 201);
    expect(promised.length).toBeGreaterThan(0);
    for (const { status, retryAfter, body } of others)
      expect([status, body.code, retryAfter]).toEqual([503, 'STORAGE_UNAVAILABLE', '5']);
    expect(await call('GET', '')).toMatchObject({ status: 503, body: { code: 'STORAGE_UNAVAILABLE' } });

    await minio.startAgain();
    for (const [page, images] of promised) expect((await call('GET', page)).body.images).toEqual(images);
    // A commit whose answer was lost is there: PUT answers 200 for it, 201 for the others.
    for (const page of pages) {
      const { status, body } = await call('PUT', page);
      expect([200, 201]).toContain(status);
      expect((await call('GET', page)).body.images).toEqual(body.images);
    }
  });
});
