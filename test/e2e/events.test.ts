import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ObjectStore, startObjectStore } from '../../local-stack/embedded/objectStore.ts';
import { type Site, startSite } from '../../local-stack/front/site.ts';
import { ROOT } from '../support/startApp.ts';

type Handler = (event: unknown, context: unknown) => Promise<{ statusCode: number; body: string }>;

/** The table that people read is the table that is tested: `file`, `function`, answer. */
const table = readFileSync(join(ROOT, 'events/README.md'), 'utf8');
const rows = [
  ...table.matchAll(/^\| `([\w-]+)\.json` \| `(get|post|put)Images` \| (\d{3}),? ?(?:`([A-Z_]+)`)?/gm),
].map(([, file = '', operation = '', status, code]) => ({ file, operation, status: Number(status), code }));

let folder: string;
let site: Site;
let store: ObjectStore;
const handlers: Record<string, Handler> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  [site, store] = await Promise.all([
    startSite({ folder: join(ROOT, 'static'), host: '127.0.0.1', port: 0 }),
    startObjectStore({ directory: folder, bucket: 'images', port: 0 }),
  ]);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local-secret',
    S3_BUCKET: 'images',
    S3_ENDPOINT: store.endpoint,
    FETCH_ALLOW_HOSTS: `localhost:${new URL(site.url).port}`,
  });
  // The handlers read their settings when they are loaded.
  for (const operation of ['get', 'post', 'put']) {
    const module = (await import(`../../handlers/${operation}Images.ts`)) as { handler: Handler };
    handlers[operation] = module.handler;
  }
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterAll(async () => {
  jest.restoreAllMocks();
  await Promise.all([site.close(), store.close()]);
  await rm(folder, { recursive: true });
});

describe('the events, one after another', () => {
  it('are all of the table', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  it.each(rows)('$file is answered with $status $code', async ({ file, operation, status, code }) => {
    const text = await readFile(join(ROOT, 'events', `${file}.json`), 'utf8');
    const { port } = new URL(site.url);
    const event: unknown = JSON.parse(
      text
        .replaceAll('localhost:8081', `localhost:${port}`)
        .replaceAll('localhost%3A8081', `localhost%3A${port}`),
    );
    const response = await handlers[operation]?.(event, {});
    expect(response?.statusCode).toBe(status);
    expect((JSON.parse(response?.body ?? '') as { code?: string }).code).toBe(code);
  });
});
