import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type App,
  cleanEnvironment,
  descendantsOf,
  freePorts,
  gatewaysOf,
  ROOT,
  runStart,
  startApp,
  untilGone,
} from '../../support/startApp.ts';

const PORTS = ['PORT', 'LAMBDA_PORT', 'SITE_PORT', 'S3_PORT', 'REDIS_PORT'] as const;

let dataFolder = '';
let app: App | undefined;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'image-api-'));
});
afterEach(async () => {
  await app?.stop('SIGTERM');
  app = undefined;
});
afterAll(() => rm(dataFolder, { recursive: true, force: true, maxRetries: 5 }));

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const listening = async (ports: readonly number[]) => {
  const states = await Promise.all(ports.map(isListening));
  return ports.filter((_, index) => states[index]);
};

/**
 * The ports that stay open. A process of many threads counts as ended while its last threads still hold its sockets,
 * so they get a moment.
 */
const stillListening = async (ports: readonly number[]) => {
  const end = performance.now() + 5_000;
  for (;;) {
    const open = await listening(ports);
    if (open.length === 0 || performance.now() > end) return open;
    await delay(50);
  }
};

const pidOf = ({ child }: Pick<App, 'child'>) => child.pid ?? 0;

describe('npm start', () => {
  it.each(PORTS)('says in one sentence that %s is taken, and starts nothing', async (setting) => {
    const ports = await freePorts(PORTS.length);
    const env = Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])]));
    const port = Number(env[setting]);
    const holder = await listenOn(port);
    try {
      const run = runStart(cleanEnvironment({ ...env, LOCAL_DATA: join(dataFolder, 'never') }));
      expect(await run.exited).toBe(1);
      expect(run.output()).toBe(
        `Port ${port} is taken: stop what uses it, or choose another port with ${setting}.\n`,
      );
      expect(await listening(ports)).toEqual([port]);
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });

  it.each([
    ['its own store', {}],
    ['a store that was given', { S3_ENDPOINT: 'http://127.0.0.1:1', REDIS_ADDRESS: '127.0.0.1:1' }],
  ])('refuses a second one on the same data folder in one sentence, with %s', async (_, env) => {
    const shared = join(dataFolder, 'shared');
    app = await startApp({ dataFolder: shared, env });
    await symlink(shared, join(dataFolder, 'link'), 'junction');
    for (const folder of [shared, join(dataFolder, 'link')]) {
      const ports = await freePorts(PORTS.length);
      const others = Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])]));
      const run = runStart(cleanEnvironment({ ...others, ...env, LOCAL_DATA: folder }));
      expect(await run.exited).toBe(1);
      const holder = `another "npm start" (process ${pidOf(app)}, API on port ${app.env.PORT})`;
      expect(run.output()).toBe(
        `${folder} is in use by ${holder}: end that process, or choose another folder with LOCAL_DATA.\n`,
      );
      expect(await listening(ports)).toEqual([]);
    }
    await rm(join(dataFolder, 'link'));
    // What ended without a word leaves no lock behind.
    await app.stop('SIGKILL');
    app = await startApp({ dataFolder: shared, env });
  });

  it('says in one sentence that its data folder cannot be written', async () => {
    const ports = await freePorts(PORTS.length);
    const env = Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])]));
    const file = join(dataFolder, 'file');
    await writeFile(file, '');
    const run = runStart(cleanEnvironment({ ...env, LOCAL_DATA: file }));
    expect(await run.exited).toBe(1);
    expect(run.output()).toBe(
      `${file} cannot be written (a file is in the way): choose another folder with LOCAL_DATA.\n`,
    );
  });

  it('says what is wrong with a setting of the functions', async () => {
    const started = startApp({ env: { IMAGE_MAX_BYTES: 'huge' } }).then((running) => {
      app = running;
      return 'started';
    }, String);
    expect(await started).toContain('IMAGE_MAX_BYTES must be a whole number from 1');
  });

  it.each(['SIGINT', 'SIGHUP'] as const)('leaves nothing running after %s', async (signal) => {
    app = await startApp();
    const pids = await descendantsOf(pidOf(app));
    expect(pids.length).toBeGreaterThan(0);
    expect(await app.stop(signal)).toBe(0);
    await untilGone(pids);
    expect(await stillListening(app.ports)).toEqual([]);
  });

  it('reports a heartbeat to the metrics exporter before it is asked for anything', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const AWS_EMF_AGENT_ENDPOINT = `udp://127.0.0.1:${receiver.address().port}`;
    const heard = once(receiver, 'message');
    app = await startApp({ dataFolder, env: { AWS_EMF_ENVIRONMENT: 'Agent', AWS_EMF_AGENT_ENDPOINT } });
    const [datagram] = await heard;
    expect(JSON.parse(String(datagram))).toMatchObject({ Heartbeats: 1 });
    await new Promise<void>((resolve) => receiver.close(() => resolve()));
  });

  it('leaves nothing running when it is killed', async () => {
    app = await startApp();
    const pids = await descendantsOf(pidOf(app));
    expect(pids.length).toBeGreaterThan(0);
    await app.stop('SIGKILL');
    await untilGone(pids);
    expect(await stillListening(app.ports)).toEqual([]);
  });

  it('says which part has ended, and ends with 1', async () => {
    app = await startApp();
    const ended = new Promise((resolve) => app?.child.once('close', resolve));
    for (const pid of await gatewaysOf(pidOf(app))) process.kill(pid, 'SIGKILL');
    expect(await ended).toBe(1);
    expect(app.output()).toContain('The API stopped unexpectedly (SIGKILL).');
    expect(await stillListening(app.ports)).toEqual([]);
  });

  it('ends when the shell that runs it is killed', async () => {
    const ports = await freePorts(PORTS.length);
    const env = Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])]));
    // The echo keeps the shell from replacing itself by its only command.
    const shell = spawn('sh', ['-c', `"${process.execPath}" local-stack/start.ts; echo`], {
      cwd: ROOT,
      env: cleanEnvironment({ ...env, LOCAL_DATA: join(dataFolder, 'shell') }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => {
      shell.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('Press Ctrl-C to stop everything.')) resolve();
      });
    });
    const pids = await descendantsOf(shell.pid ?? 0);
    expect(pids.length).toBeGreaterThan(0);
    shell.kill('SIGKILL');
    await untilGone(pids);
    expect(await stillListening(ports)).toEqual([]);
  });

  it('keeps what was harvested over a restart', async () => {
    app = await startApp({ dataFolder });
    const page = `${app.siteUrl}/sample/`;
    const sitePort = new URL(app.siteUrl).port;
    const posted = await fetch(`${app.apiUrl}/images`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: page }),
    });
    expect(posted.status).toBe(201);
    const { images } = (await posted.json()) as { images: string[] };
    expect(images.length).toBeGreaterThan(0);
    expect(await app.stop('SIGTERM')).toBe(0);

    app = await startApp({ dataFolder, env: { SITE_PORT: sitePort } });
    const found = await fetch(`${app.apiUrl}/images?include=links&url=${encodeURIComponent(page)}`);
    const { items } = (await found.json()) as { items: { name: string; href: string }[] };
    expect(items.map(({ name }) => name)).toEqual(images);
    const object = await fetch(items[0]?.href ?? '');
    const original = await fetch(`${page}image1.jpg`);
    expect(Buffer.from(await object.arrayBuffer())).toEqual(Buffer.from(await original.arrayBuffer()));
  });
});

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
