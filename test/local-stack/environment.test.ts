import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';
import { findRunning, functionEnvironment, noteRunning, removeNote } from '../../local-stack/environment.ts';

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

describe('the note of a running stack', () => {
  let dataFolder = '';
  beforeEach(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'image-api-'));
  });
  afterEach(() => rm(dataFolder, { recursive: true }));

  it('is found while the stack runs, and not after', async () => {
    await noteRunning({ dataFolder }, { sitePort: 8081, own: OWN });
    expect(await findRunning({ dataFolder })).toMatchObject({ sitePort: 8081, own: OWN });
    await removeNote({ dataFolder });
    expect(await findRunning({ dataFolder })).toBeNull();
  });

  it('does not count when the stack was killed', async () => {
    await noteRunning({ dataFolder }, { sitePort: 8081, own: OWN });
    const file = join(dataFolder, 'running.json');
    const note = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...note, pid: 2 ** 30 }));
    expect(await findRunning({ dataFolder })).toBeNull();
  });
});
