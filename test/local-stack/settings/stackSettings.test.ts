import { describe, expect, it } from '@jest/globals';
import { stackFaults } from '../../../local-stack/settings/stackSettings.ts';

const GOOD = {
  AWS_ACCESS_KEY_ID: 'minioadmin',
  AWS_SECRET_ACCESS_KEY: 'minioadmin',
  S3_BUCKET: 'mybucket',
  S3_ENDPOINT: 'minio:9000',
  REDIS_ADDRESS: 'redis:6379',
  FETCH_ALLOW_HOSTS: 'nginx:80',
  MINIO_ROOT_USER: 'storage-root',
  MINIO_ROOT_PASSWORD: 'a-long-root-password',
  GRAFANA_ADMIN_PASSWORD: 'a-long-password',
  REDIS_MAXMEMORY: '128mb',
  REDIS_MEM_LIMIT: '384m',
  PROMETHEUS_RETENTION: '15d',
  BIND_ADDRESS: '127.0.0.1',
  PORT: '8080',
  PAGE_MAX_BYTES: '',
  PUBLISHED_PORTS: 'API_PORT=8080 SITE_PORT=8081',
};

describe('settings of the compose stack', () => {
  it('are fine as they come, with the two passwords set', () => {
    expect(stackFaults(GOOD)).toEqual([]);
  });

  it.each([
    ['ALLOWED_HOSTS', 'app,machine.lan:80', 'ALLOWED_HOSTS has "machine.lan:80"'],
    ['MINIO_ROOT_PASSWORD', '', 'MINIO_ROOT_PASSWORD is missing: it must be 8 to 40'],
    ['MINIO_ROOT_PASSWORD', '1234567', 'MINIO_ROOT_PASSWORD must be 8 to 40'],
    ['MINIO_ROOT_PASSWORD', 'x'.repeat(41), 'MINIO_ROOT_PASSWORD must be 8 to 40'],
    ['GRAFANA_ADMIN_PASSWORD', 'with a space', 'GRAFANA_ADMIN_PASSWORD must be'],
    ['AWS_SECRET_ACCESS_KEY', 'short', 'MINIO_APP_PASSWORD must be'],
    ['MINIO_ROOT_USER', 'ab', 'MINIO_ROOT_USER must be 3 to 20'],
    ['MINIO_ROOT_USER', 'minioadmin', "MINIO_ROOT_USER must not be the API's own user"],
    ['S3_BUCKET', 'My_Bucket', 'S3_BUCKET must be'],
    ['S3_BUCKET', 'ab', 'S3_BUCKET must be'],
    ['MINIO_ROOT_PASSWORD', '-begins-so', 'MINIO_ROOT_PASSWORD must be'],
    ['MINIO_ROOT_PASSWORD', 'correct$horse', 'MINIO_ROOT_PASSWORD must be'],
    ['PROMETHEUS_RETENTION', '15 days', 'PROMETHEUS_RETENTION must be'],
    ['BIND_ADDRESS', 'nonsense', 'BIND_ADDRESS must be an IPv4 address'],
    ['NGINX_ALLOWED_HOSTS', 'a.lan, b:80', 'ALLOWED_HOSTS has "b:80", which is not an exact host name'],
    ['NGINX_ALLOWED_HOSTS', '*.lan', 'ALLOWED_HOSTS has "*.lan"'],
    ['NGINX_ALLOWED_HOSTS', 'a"; b', 'ALLOWED_HOSTS has'],
    [
      'REDIS_MAXMEMORY',
      '129mb',
      'REDIS_MEM_LIMIT must be at least 387m, three times REDIS_MAXMEMORY, not 384m.',
    ],
    ['REDIS_MEM_LIMIT', '383m', 'REDIS_MEM_LIMIT must be at least 384m'],
    ['REDIS_MEM_LIMIT', '1g', 'REDIS_MEM_LIMIT must be whole megabytes such as 384m'],
    ['REDIS_MAXMEMORY', '0', 'REDIS_MAXMEMORY must be whole megabytes such as 128mb'],
    ['REDIS_MAXMEMORY', '0mb', 'REDIS_MAXMEMORY must be'],
    ['REDIS_MAXMEMORY', '', 'REDIS_MAXMEMORY is missing'],
    ['PAGE_MAX_BYTES', '10 MB', 'PAGE_MAX_BYTES must be a whole number'],
    ['PUBLISHED_PORTS', 'API_PORT=0 SITE_PORT=1', 'API_PORT must be a port number from 1 to 65535, not "0"'],
    ['PUBLISHED_PORTS', 'API_PORT=1 SITE_PORT=65536', 'SITE_PORT must be a port number'],
    ['PUBLISHED_PORTS', 'API_PORT=1 SITE_PORT=1', 'SITE_PORT must not be the same port as API_PORT, 1.'],
    ['FETCH_ALLOW_HOSTS', 'nginx', 'FETCH_ALLOW_HOSTS has "nginx"'],
  ])('refuse %s=%j in one sentence', (name, value, sentence) => {
    expect(stackFaults({ ...GOOD, [name]: value })).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([
    ['MINIO_ROOT_PASSWORD', '12345678'],
    ['MINIO_ROOT_PASSWORD', 'x'.repeat(40)],
    ['MINIO_ROOT_USER', 'abc'],
    ['PUBLISHED_PORTS', 'API_PORT=1 SITE_PORT=65535'],
    ['S3_BUCKET', 'abc'],
    ['S3_BUCKET', 'a'.repeat(63)],
    ['REDIS_MAXMEMORY', '1mb'],
    ['REDIS_MEM_LIMIT', '99999m'],
  ])('take %s=%j', (name, value) => {
    expect(stackFaults({ ...GOOD, [name]: value })).toEqual([]);
  });

  it.each([
    ['1mb', '63m', 'REDIS_MEM_LIMIT must be at least 64m, whatever REDIS_MAXMEMORY is, not 63m.'],
    ['21mb', '63m', 'REDIS_MEM_LIMIT must be at least 64m, whatever REDIS_MAXMEMORY is, not 63m.'],
    ['22mb', '65m', 'REDIS_MEM_LIMIT must be at least 66m, three times REDIS_MAXMEMORY, not 65m.'],
  ])('refuse a container that is too small for Redis itself: %s in %s', (cache, limit, sentence) => {
    const settings = { ...GOOD, REDIS_MAXMEMORY: cache, REDIS_MEM_LIMIT: limit };
    expect(stackFaults(settings)).toEqual([sentence]);
  });

  it('take a small cache in a container that has room for Redis itself', () => {
    expect(stackFaults({ ...GOOD, REDIS_MAXMEMORY: '1mb', REDIS_MEM_LIMIT: '64m' })).toEqual([]);
  });

  it('take a larger cache in a container that is larger too', () => {
    expect(stackFaults({ ...GOOD, REDIS_MAXMEMORY: '1000mb', REDIS_MEM_LIMIT: '3000m' })).toEqual([]);
  });

  it('report all faults together, and no secret', () => {
    const faults = stackFaults({ ...GOOD, MINIO_ROOT_PASSWORD: 'tiny-pw', PAGE_TIMEOUT_MS: 'soon' });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('tiny-pw');
  });
});
