import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findProgram } from '../../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS, startRedis } from '../../../local-stack/embedded/redis.ts';
import { until } from '../../support/until.ts';

const MODULE = resolve(import.meta.dirname, '../../../local-stack/embedded/redis.ts');
const hasRedis = findProgram(REDIS_PROGRAMS, process.env.PATH) !== null;

describe('the embedded Redis', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redis-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is null where no program for it is installed', async () => {
    expect(await startRedis({ directory, path: directory })).toBeNull();
    expect(await startRedis({ directory, path: '' })).toBeNull();
  });

  if (!hasRedis) return;

  const responses = async (address: string): Promise<boolean> => {
    const [host, port] = address.split(':');
    const socket = connect({ host: host ?? '', port: Number(port) });
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return isOpen;
  };

  it('runs until it is closed, and leaves nothing behind', async () => {
    const redis = await startRedis({ directory });
    if (redis === null) throw new Error('It is installed.');
    expect(redis.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await responses(redis.address)).toBe(true);
    await redis.close();
    await redis.close();
    expect(await responses(redis.address)).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });

  it('rejects with EADDRINUSE when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startRedis({ directory, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    server.close();
  });

  const ends = [
    ['SIGINT', 'process.kill(process.pid, "SIGINT")'],
    ['SIGTERM', 'process.kill(process.pid, "SIGTERM")'],
    ['SIGKILL', 'process.kill(process.pid, "SIGKILL")'],
    ['an exit', 'process.exit(0)'],
    ['an error', 'throw new Error("end")'],
  ] as const;
  it.each(ends)('ends with its parent, when that ends by %s', async (_, end) => {
    const program = `
      const { startRedis } = await import(${JSON.stringify(MODULE)});
      const redis = await startRedis({ directory: ${JSON.stringify(directory)} });
      process.stdout.write(redis.address, () => setImmediate(() => { ${end} }));`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let address = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => {
      address += text;
    });
    await once(parent, 'close');
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    await until(async () => !(await responses(address)));
  });
});
