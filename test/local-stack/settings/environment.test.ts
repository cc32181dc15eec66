import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../lib/config.ts';
import { lockFolder } from '../../../local-stack/embedded/folderLock.ts';
import {
  functionEnvironment,
  joinRunning,
  noteRunning,
  removeNote,
} from '../../../local-stack/settings/environment.ts';
import { readLocalSettings } from '../../../local-stack/settings/settings.ts';

const OWN = { objectStore: 'http://127.0.0.1:9000', redis: '127.0.0.1:6379' };

describe('the environment of the functions', () => {
  it('is what the settings of the functions ask for', () => {
    const config = readConfig(functionEnvironment({}, { sitePort: 8081 }, OWN));
    expect(config.store).toMatchObject({ bucket: 'images', endpoint: 'http://127.0.0.1:9000' });
    expect(config.cache.url).toMatch(/^redis:\/\/127\.0\.0\.1:6379/);
    expect(config.fetch.allowHosts).toEqual([{ hostname: 'localhost', port: 8081 }]);
  });

  it('lets a given store and cache win over its own', () => {
    const given = { S3_ENDPOINT: 'minio:9000', S3_BUCKET: 'pictures', REDIS_ADDRESS: 'redis:6379' };
    expect(functionEnvironment(given, { sitePort: null }, OWN)).toMatchObject(given);
  });

  it('hands real keys to a given store, never to its own', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'real', AWS_SECRET_ACCESS_KEY: 'secret' };
    expect(functionEnvironment({ ...keys, S3_ENDPOINT: 'minio:9000' }, { sitePort: null }, {})).toMatchObject(
      keys,
    );
    expect(Object.values(functionEnvironment(keys, { sitePort: null }, OWN))).not.toContain('real');
  });

  it('adds the sample site to the hosts that were allowed, once', () => {
    const given = { FETCH_ALLOW_HOSTS: 'nginx:80,localhost:8081' };
    expect(functionEnvironment(given, { sitePort: 8081 }, OWN).FETCH_ALLOW_HOSTS).toBe(
      'localhost:8081,nginx:80',
    );
  });

  it('leaves the cache out where there is none', () => {
    expect(functionEnvironment({}, { sitePort: null }, {})).not.toHaveProperty('REDIS_ADDRESS');
  });
});

describe('a function that is run beside the stack', () => {
  let dataFolder = '';
  beforeEach(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'image-api-'));
  });
  afterEach(() => rm(dataFolder, { recursive: true }));

  const settings = () => readLocalSettings({ LOCAL_DATA: dataFolder });
  const own = { objectStore: 'http://127.0.0.1:9100', redis: '127.0.0.1:6399' };

  it('finds the stack while it runs, and its usual ports after that', async () => {
    await noteRunning({ dataFolder, sitePort: 8181 }, own, {});
    expect(await joinRunning({}, settings())).toMatchObject({
      isRunning: true,
      environment: {
        S3_ENDPOINT: own.objectStore,
        REDIS_ADDRESS: own.redis,
        FETCH_ALLOW_HOSTS: 'localhost:8181',
      },
    });
    await removeNote({ dataFolder });
    expect(await joinRunning({}, settings())).toMatchObject({
      isRunning: false,
      environment: { S3_ENDPOINT: 'http://127.0.0.1:9000', FETCH_ALLOW_HOSTS: 'localhost:8081' },
    });
  });

  it('does not mistake what a killed stack left for a running one', async () => {
    await noteRunning({ dataFolder, sitePort: null }, own, {});
    const file = join(dataFolder, 'running.json');
    const note = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...note, pid: 2 ** 30 }));
    expect((await joinRunning({}, settings())).isRunning).toBe(false);
  });

  it('does not mistake another program with the process id of a killed stack for the stack', async () => {
    const lock = lockFolder(dataFolder, { holder: 'the stack', remedy: 'choose another' });
    await noteRunning({ dataFolder, sitePort: null }, own, {});
    expect((await joinRunning({}, settings())).isRunning).toBe(true);
    // The note stays as a killed stack leaves it, with the id of a process that runs: this one.
    lock.release();
    expect((await joinRunning({}, settings())).isRunning).toBe(false);
  });

  it('must be given the store and the cache that the stack was given', async () => {
    const given = { S3_ENDPOINT: 'http://minio:9000', REDIS_ADDRESS: 'redis://:secret@redis:6379' };
    await noteRunning({ dataFolder, sitePort: null }, {}, given);
    expect(await readFile(join(dataFolder, 'running.json'), 'utf8')).not.toMatch(/secret|minio/);
    await expect(joinRunning({}, settings())).rejects.toThrow(
      'The running local stack was started with S3_ENDPOINT and REDIS_ADDRESS: set the same values here, and the same keys.',
    );
    expect((await joinRunning(given, settings())).environment).toMatchObject(given);
  });
});
