/**
 * A call that exceeds its time. On a busy machine, a function may notice its deadline late. serverless-offline would
 * then have ended it, with a 200 that has a stack trace.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { cleanEnvironment, freePorts, ROOT } from '../../support/startApp.ts';

/** Says how much time it has, and takes longer. */
const LATE = `
export async function handler(event, context) {
  const leftMs = context.getRemainingTimeInMillis();
  await new Promise((resolve) => setTimeout(resolve, leftMs + 300));
  return { statusCode: 503, body: JSON.stringify({ leftMs }) };
}`;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const { custom } = parse(await readFile(join(ROOT, 'serverless.yml'), 'utf8'));
  const service = {
    service: 'late',
    provider: { name: 'aws', runtime: 'nodejs24.x', timeout: 1 },
    plugins: ['serverless-offline'],
    custom: { 'serverless-offline': custom['serverless-offline'] },
    functions: { late: { handler: 'late.handler', events: [{ httpApi: 'GET /late' }] } },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'serverless.yml'), JSON.stringify(service));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'late.js'), LATE);
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

it('a function that ends late answers for itself, and is told of its end all the same', async () => {
  const [port, lambdaPort] = await freePorts(2);
  const serverless = join(ROOT, 'node_modules/serverless/bin/serverless.js');
  const child = spawn(process.execPath, [serverless, 'offline', 'start', '--noSponsor'], {
    cwd: folder,
    env: cleanEnvironment({ PORT: String(port), LAMBDA_PORT: String(lambdaPort) }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let said = '';
  const isReady = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Server ready')) resolve();
      });
    }
    ended.then(() => reject(new Error(`serverless-offline ended:\n${said}`)));
  });
  try {
    await isReady;
    const response = await fetch(`http://127.0.0.1:${port}/late`);
    const { leftMs } = (await response.json()) as { leftMs?: number };
    expect(response.status).toBe(503);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(1_000);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
});
