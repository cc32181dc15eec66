/**
 * The stack's Redis under its own configuration: the cache and the lock have every command that they use, and no more.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedisCache, type RedisCache } from '../../lib/redis/cache.ts';
import { type ChildService, findProgram, startChild } from '../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS } from '../../local-stack/embedded/redis.ts';
import { PATIENT_REDIS } from '../contract/caches.ts';
import { testAnyPageCache, testForgettingPageCache, testPageCache } from '../contract/pageCache.ts';
import { testAnyPageLock, testPageLock } from '../contract/pageLock.ts';
import { freePorts } from '../support/startApp.ts';
import { until } from '../support/until.ts';

const CONFIGURATION = join(import.meta.dirname, '../../local-stack/redis/redis.conf');
/** Longer than any test takes, and as short as a cache can. */
const [LONG, SHORT] = [3_600, 1];
const program = findProgram(REDIS_PROGRAMS, process.env.PATH);

describe('Redis of the stack', () => {
  if (program === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }

  let folder = '';
  let port = 0;
  let server: ChildService;
  let keeping: RedisCache;
  let forgetting: RedisCache;

  /** The first line of the answer; empty where none comes. */
  const ask = (command: string) =>
    new Promise<string>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${command}\r\n`));
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.includes('\r\n')) socket.destroy();
      });
      socket.on('error', () => undefined).on('close', () => resolve(text.split('\r\n')[0] ?? ''));
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redis-'));
    [port = 0] = await freePorts(1);
    // The shipped file, with paths of this machine. Each replaced text must be in it.
    let text = await readFile(CONFIGURATION, 'utf8');
    for (const [there, here] of [
      ['\nbind * -::*\n', '\nbind 127.0.0.1\n'],
      ['\ndir /data\n', `\ndir ${folder}\n`],
    ] as const) {
      expect(text).toContain(there);
      text = text.replace(there, here);
    }
    const file = join(folder, 'redis.conf');
    await writeFile(file, text);
    server = startChild(program, [file, '--port', String(port), '--maxmemory', '128mb'], folder);
    await until(async () => (await ask('PING')) === '+PONG').catch((error: unknown) => {
      throw new Error(`Redis does not answer: ${server.output()}`, { cause: error });
    });
    const url = `redis://127.0.0.1:${port}`;
    keeping = createRedisCache({ url, ttlSeconds: LONG }, { times: PATIENT_REDIS });
    forgetting = createRedisCache({ url, ttlSeconds: SHORT }, { times: PATIENT_REDIS });
  });

  afterAll(async () => {
    await keeping?.close();
    await forgetting?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  // A command that is not granted is a miss to the API, which says nothing of it: all that the two promise is tried.
  describe('lets the API cache', () => {
    testAnyPageCache(() => keeping.cache);
    testPageCache(() => keeping.cache);
    testForgettingPageCache(() => forgetting.cache);
  });

  describe('lets the API lock', () => {
    testAnyPageLock(() => keeping.lock);
    testPageLock(() => keeping.lock);
  });

  it.each(['INFO', 'SLOWLOG LEN', 'SLOWLOG GET', 'LATENCY LATEST', 'LATENCY HISTOGRAM'])(
    'lets the exporter ask %s',
    async (command) => {
      expect(await ask(command)).not.toMatch(/^-|^$/);
    },
  );

  it.each([
    'FLUSHALL',
    'KEYS *',
    'CONFIG GET *',
    'DEBUG SLEEP 0',
    'SHUTDOWN NOSAVE',
    'PUBLISH page:1 x',
    'ACL WHOAMI',
    'GET other',
    'GETRANGE other 0 1',
    'SET other x',
  ])('refuses %s', async (command) => {
    expect(await ask(command)).toMatch(/^-(NOPERM |ERR DEBUG command not allowed)/);
  });
});
