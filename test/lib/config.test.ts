import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';

const MINIMAL = { S3_BUCKET: 'images' };

describe('the settings', () => {
  it('have the documented defaults', () => {
    expect(readConfig(MINIMAL)).toEqual({
      port: 8080,
      corsOrigins: [],
      fetch: {
        allowHosts: [],
        isLoopbackAllowed: true,
        ownEndpoints: [],
        ports: [80, 443, 8080, 8443],
        redirectsMax: 5,
        connectTimeoutMs: 3_000,
        pageTimeoutMs: 10_000,
        imageTimeoutMs: 10_000,
        connectionsPerHost: 8,
        connectionsMax: 32,
      },
      limits: {
        pageMaxBytes: 10 * 1024 ** 2,
        imageMaxBytes: 20 * 1024 ** 2,
        requestMaxBytes: 250 * 1024 ** 2,
        imagesMaxCount: 1_000,
        imageMaxPixels: 100_000_000,
        requestReserveMs: 2_000,
      },
      harvestsMax: 8,
      store: { bucket: 'images', region: 'us-east-1', linkTtlSeconds: 900 },
      cache: { ttlSeconds: 300 },
      metrics: { receiver: { hostname: '127.0.0.1', port: 25_888 } },
    });
  });

  it.each([
    [{ AWS_LAMBDA_FUNCTION_NAME: 'getImages' }, undefined],
    [{ AWS_EMF_ENVIRONMENT: 'Lambda' }, undefined],
    [{ AWS_EMF_ENVIRONMENT: 'Local' }, undefined],
    [
      { AWS_LAMBDA_FUNCTION_NAME: 'getImages', AWS_EMF_ENVIRONMENT: 'Agent' },
      { hostname: '127.0.0.1', port: 25_888 },
    ],
    [{ AWS_EMF_AGENT_ENDPOINT: 'udp://emf-exporter:25888' }, { hostname: 'emf-exporter', port: 25_888 }],
    [{ AWS_EMF_AGENT_ENDPOINT: 'udp://[::1]:80' }, { hostname: '::1', port: 80 }],
  ])('send metrics where %j says', (env, receiver) => {
    expect(readConfig({ ...MINIMAL, ...env }).metrics.receiver).toEqual(receiver);
  });

  it('take a store and a cache given as host:port', () => {
    const config = readConfig({
      AWS_ACCESS_KEY_ID: 'minioadmin',
      AWS_SECRET_ACCESS_KEY: 'minioadmin',
      AWS_REGION: 'us-east-1',
      S3_BUCKET: 'mybucket',
      S3_ENDPOINT: 'minio:9000',
      REDIS_ADDRESS: 'redis:6379',
    });
    expect(config.store).toMatchObject({
      bucket: 'mybucket',
      endpoint: 'http://minio:9000',
      credentials: { accessKeyId: 'minioadmin', secretAccessKey: 'minioadmin' },
    });
    expect(config.cache.url).toBe('redis://redis:6379');
    expect(config.fetch.ownEndpoints).toEqual([
      { hostname: 'minio', port: 9000 },
      { hostname: 'redis', port: 6379 },
    ]);
  });

  it.each([
    ['https://s3.example.test', 's3.example.test', 443],
    ['http://MinIO', 'minio', 80],
    ['[::1]:9000', '[::1]', 9000],
  ])('know the own endpoint of %s', (S3_ENDPOINT, hostname, port) => {
    expect(readConfig({ ...MINIMAL, S3_ENDPOINT }).fetch.ownEndpoints).toEqual([{ hostname, port }]);
  });

  it('take the name under which callers reach the store, which may be fetched as little as the store itself', () => {
    const { store, fetch } = readConfig({
      ...MINIMAL,
      S3_ENDPOINT: 'minio:9000',
      S3_PUBLIC_ENDPOINT: 'https://Files.example.test/',
    });
    expect(store).toMatchObject({
      endpoint: 'http://minio:9000',
      publicEndpoint: 'https://files.example.test',
    });
    expect(fetch.ownEndpoints).toEqual([
      { hostname: 'minio', port: 9000 },
      { hostname: 'files.example.test', port: 443 },
    ]);
  });

  it('parse the allow list into exact hosts and ports', () => {
    const { fetch } = readConfig({
      ...MINIMAL,
      FETCH_ALLOW_HOSTS: 'NGINX:80, localhost:8081,0x7f.1:99,[::1]:8',
    });
    expect(fetch.allowHosts).toEqual([
      { hostname: 'nginx', port: 80 },
      { hostname: 'localhost', port: 8081 },
      { hostname: '127.0.0.1', port: 99 },
      { hostname: '[::1]', port: 8 },
    ]);
  });

  it.each<[string, '*' | readonly string[]]>([
    ['*', '*'],
    ['https://App.example.test', ['https://app.example.test']],
    ['http://localhost:3000/ , https://a.test:443,', ['http://localhost:3000', 'https://a.test']],
    [',', []],
  ])('take the origins of CORS_ORIGINS=%s', (CORS_ORIGINS, origins) => {
    expect(readConfig({ ...MINIMAL, CORS_ORIGINS }).corsOrigins).toEqual(origins);
  });

  it('never let a list open loopback on AWS', () => {
    expect(readConfig({ ...MINIMAL, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' }).fetch.isLoopbackAllowed).toBe(
      false,
    );
  });

  it.each([
    ['CORS_ORIGINS', 'app.example.test', /CORS_ORIGINS has "app.example.test", which is no origin/],
    ['CORS_ORIGINS', 'https://a.test,*', /"\*" stands alone/],
    ['CORS_ORIGINS', 'https://*.a.test', /CORS_ORIGINS/],
    ['CORS_ORIGINS', 'https://a.test/path', /CORS_ORIGINS/],
    ['CORS_ORIGINS', 'https://user@a.test', /CORS_ORIGINS/],
    ['CORS_ORIGINS', 'null', /CORS_ORIGINS/],
    ['PORT', '0', /PORT must be a whole number from 1 to 65535, not "0"/],
    ['PORT', '65536', /PORT/],
    ['PORT', '8080x', /PORT/],
    ['IMAGE_MAX_BYTES', '-1', /IMAGE_MAX_BYTES/],
    ['IMAGE_MAX_BYTES', '1e6', /IMAGE_MAX_BYTES/],
    ['CACHE_TTL_SECONDS', '301', /CACHE_TTL_SECONDS must be a whole number from 1 to 300/],
    ['IMAGES_MAX_COUNT', '1001', /IMAGES_MAX_COUNT/],
    [
      'S3_ENDPOINT',
      'ftp://x',
      /S3_ENDPOINT must be host:port or a URL that starts with http:\/\/ or https:\/\//,
    ],
    ['S3_ENDPOINT', 'http://', /S3_ENDPOINT/],
    ['REDIS_ADDRESS', 'http://redis', /REDIS_ADDRESS/],
    ['FETCH_PORTS', '80,http', /FETCH_PORTS/],
    ['FETCH_PORTS', '0', /FETCH_PORTS/],
    ['FETCH_ALLOW_HOSTS', 'nginx', /FETCH_ALLOW_HOSTS has "nginx", which is not an exact host:port/],
    ['FETCH_ALLOW_HOSTS', 'user@nginx:80', /FETCH_ALLOW_HOSTS/],
    ['FETCH_ALLOW_HOSTS', 'nginx/x:80', /FETCH_ALLOW_HOSTS/],
    ['FETCH_ALLOW_HOSTS', 'a?x:80', /FETCH_ALLOW_HOSTS/],
    ['FETCH_ALLOW_HOSTS', ':p@a:80', /FETCH_ALLOW_HOSTS/],
    ['FETCH_ALLOW_HOSTS', '*.x:80', /FETCH_ALLOW_HOSTS/],
    ['FETCH_ALLOW_HOSTS', 'a:0', /FETCH_ALLOW_HOSTS/],
    ['S3_ENDPOINT', 'minio:9000/path', /S3_ENDPOINT/],
    ['S3_ENDPOINT', 'http://key:secret@minio:9000', /S3_ENDPOINT/],
    ['S3_PUBLIC_ENDPOINT', 'ftp://x', /S3_PUBLIC_ENDPOINT must be host:port or a URL/],
    ['S3_PUBLIC_ENDPOINT', 'http://localhost:9000/path', /S3_PUBLIC_ENDPOINT/],
    ['REQUEST_RESERVE_MS', '999', /REQUEST_RESERVE_MS/],
    ['AWS_EMF_AGENT_ENDPOINT', 'tcp://127.0.0.1:25888', /must be udp/],
    ['AWS_EMF_AGENT_ENDPOINT', 'udp://localhost:0', /must be udp/],
    ['AWS_EMF_AGENT_ENDPOINT', 'udp://localhost:65536', /must be udp/],
    ['AWS_EMF_ENVIRONMENT', 'ECS', /must be Agent, Lambda or Local, not "ECS"/],
    ['AWS_EMF_ENVIRONMENT', 'agent', /must be Agent, Lambda or Local/],
    ['AWS_ACCESS_KEY_ID', 'alone', /must be set together/],
    ['S3_BUCKET', ' ', /S3_BUCKET is required/],
  ])('refuse %s=%s in a sentence', (name, value, sentence) => {
    expect(() => readConfig({ ...MINIMAL, [name]: value })).toThrow(sentence);
  });

  it('report all faults together', () => {
    const message = messageOf(() => readConfig({ PORT: 'x', FETCH_PORTS: 'y' }));
    expect(message.split('\n- ').length).toBe(4);
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
