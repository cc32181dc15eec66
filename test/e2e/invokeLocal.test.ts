import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type App, cleanEnvironment, ROOT, startApp } from '../support/startApp.ts';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let app: App;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  app = await startApp();
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

/** `npx serverless invoke local -f <name> -p <path>`, as a user in another terminal would. */
function invokeLocal(name: string, path: string, env: Readonly<Record<string, string>>): Promise<Run> {
  const serverless = join(ROOT, 'node_modules/serverless/bin/serverless.js');
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env, timeout: 90_000 };
    execFile(
      process.execPath,
      [serverless, 'invoke', 'local', '-f', name, '-p', path],
      options,
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

/** The event file, with the sample site at its port of today; nothing told but where the data is. */
async function runEvent(name: string, event: string) {
  const text = await readFile(join(ROOT, 'events', event), 'utf8');
  const path = join(folder, event);
  const host = new URL(app.siteUrl).host;
  await writeFile(
    path,
    text.replaceAll('localhost:8081', host).replaceAll('localhost%3A8081', encodeURIComponent(host)),
  );
  const run = await invokeLocal(name, path, cleanEnvironment({ LOCAL_DATA: app.env.LOCAL_DATA ?? '' }));
  const response = JSON.parse(run.stdout.slice(run.stdout.lastIndexOf('\n{\n') + 1));
  return {
    ...run,
    response,
    body: typeof response.body === 'string' ? JSON.parse(response.body) : response.body,
  };
}

describe('serverless invoke local', () => {
  it('does the real work on the running store, says so by its answer, and ends by itself', async () => {
    const created = await runEvent('postImages', 'post-sample.json');
    expect([created.code, created.response.statusCode]).toEqual([0, 201]);

    const again = await runEvent('postImages', 'post-again.json');
    expect([again.code, again.response.statusCode, again.body.code]).toEqual([
      0,
      409,
      'URL_ALREADY_PROCESSED',
    ]);

    const found = await runEvent('getImages', 'get-ok.json');
    expect([found.code, found.response.statusCode]).toEqual([0, 200]);
    expect(found.body.images).toEqual(created.body.images);

    const overHttp = await fetch(`${app.apiUrl}/images?url=${encodeURIComponent(`${app.siteUrl}/sample/`)}`);
    expect(await overHttp.json()).toMatchObject({ images: created.body.images });
  });

  it('sweeps', async () => {
    const harvested = await fetch(`${app.apiUrl}/images`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${app.siteUrl}/sample/?swept` }),
    });
    expect(harvested.status).toBe(201);
    const { code, response } = await runEvent('sweepImages', 'sweep.json');
    expect([code, response]).toMatchObject([0, { removed: 0, failed: 0, finished: true }]);
    // An empty bucket is swept in no time.
    expect(response.listed).toBeGreaterThanOrEqual(8);
  });

  it('says that nothing runs here, and still ends', async () => {
    const nowhere = cleanEnvironment({ LOCAL_DATA: join(folder, 'nothing'), S3_PORT: '1' });
    const run = await invokeLocal('getImages', join(ROOT, 'events/get-ok.json'), nowhere);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('No local stack is running here');
    expect(run.stdout).toContain('STORAGE_UNAVAILABLE');
  });
});
