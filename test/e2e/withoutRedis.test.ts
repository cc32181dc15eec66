import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedRedis, startRedis } from '../../local-stack/embedded/redis.ts';
import { type App, freePorts, startApp } from '../support/startApp.ts';

/** A state of Redis, set before each call. The responses must be the same in every state. */
interface Scenario {
  readonly name: string;
  readonly before: (call: number) => Promise<void>;
}

const folder = await mkdtemp(join(tmpdir(), 'image-api-'));
const redis = await startRedis({ directory: folder });
const [deadPort = 0] = await freePorts(1);

const scenarios: readonly Scenario[] = redis
  ? [
      { name: 'flushed before every call', before: () => flush(redis) },
      { name: 'stopped in the middle', before: async (call) => (call === 2 ? redis.close() : undefined) },
      { name: 'still gone', before: async () => {} },
    ]
  : [{ name: 'never there', before: async () => {} }];

/** FLUSHALL, answered. */
function flush({ address }: EmbeddedRedis): Promise<void> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write('FLUSHALL\r\n'));
    socket.once('error', reject);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
  });
}

let app: App;
beforeAll(async () => {
  app = await startApp({ env: { REDIS_ADDRESS: redis?.address ?? `127.0.0.1:${deadPort}` } });
});
afterAll(async () => {
  await app.stop();
  await redis?.close();
  await rm(folder, { recursive: true });
});

async function call(method: 'GET' | 'POST' | 'PUT', page: string) {
  const url = `${app.siteUrl}${page}`;
  const isGet = method === 'GET';
  const response = await fetch(`${app.apiUrl}/images${isGet ? `?url=${encodeURIComponent(url)}` : ''}`, {
    method,
    ...(!isGet && { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url }) }),
  });
  const body = (await response.json()) as {
    code?: string;
    images?: string[];
    changes?: { unchanged: string[] };
  };
  return { status: response.status, body };
}

describe('with Redis', () => {
  it.each(scenarios.map((scenario, index) => ({ ...scenario, page: `/sample/?${index}` })))(
    '$name, every call is answered as ever',
    async ({ before, page }) => {
      let calls = 0;
      const next = async (method: 'GET' | 'POST' | 'PUT') => {
        await before(++calls);
        return call(method, page);
      };
      const created = await next('POST');
      expect(created.status).toBe(201);
      const names = created.body.images ?? [];
      expect(names).toHaveLength(8);
      expect((await next('GET')).body.images).toEqual(names);
      expect(await next('POST')).toMatchObject({ status: 409, body: { code: 'URL_ALREADY_PROCESSED' } });
      expect((await next('PUT')).body.changes?.unchanged).toEqual(names);
      expect((await next('GET')).body.images).toEqual(names);
      expect((await next('GET')).status).toBe(200);
    },
  );
});
