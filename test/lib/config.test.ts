import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';
import { selfSigned } from './web/selfSigned.ts';

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
        redirectsMax: 20,
        connectTimeoutMs: 3_000,
        pageTimeoutMs: 10_000,
        imageTimeoutMs: 10_000,
        connectionsPerHost: 32,
        streamsPerHost: 100,
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

  it.each([
    ['de', 'de'],
    ['de-CH,de;q=0.9 , en ; q=0.8,*;q=0', 'de-CH, de;q=0.9, en;q=0.8, *;q=0'],
  ])('take ACCEPT_LANGUAGE=%s', (ACCEPT_LANGUAGE, expected) => {
    expect(readConfig({ ...MINIMAL, ACCEPT_LANGUAGE }).fetch.acceptLanguage).toBe(expected);
  });

  it.each([
    'https://example.com/bot?from=us',
    'http://example.com',
    'mailto:ops@example.com',
    'ops@example.com',
    'ops+bot@mail',
  ])('take USER_AGENT_CONTACT=%s', (USER_AGENT_CONTACT) => {
    expect(readConfig({ ...MINIMAL, USER_AGENT_CONTACT }).fetch.userAgentContact).toBe(USER_AGENT_CONTACT);
  });

  it.each([
    ['ACCEPT_LANGUAGE', 'de und en'],
    ['ACCEPT_LANGUAGE', 'de;q=2'],
    ['ACCEPT_LANGUAGE', 'de,,en'],
    ['ACCEPT_LANGUAGE', 'de\r\nX: y'],
    ['ACCEPT_LANGUAGE', Array(80).fill('de').join()],
    ['USER_AGENT_CONTACT', 'ask the operator'],
    ['USER_AGENT_CONTACT', 'example.com'],
    ['USER_AGENT_CONTACT', 'ftp://example.com'],
    ['USER_AGENT_CONTACT', 'https://'],
    ['USER_AGENT_CONTACT', 'https://example.com/(a)'],
    ['USER_AGENT_CONTACT', 'https://example.com/;a'],
    ['USER_AGENT_CONTACT', 'https://example.com/\r\nX:y'],
    ['USER_AGENT_CONTACT', 'https://bücher.example'],
    ['USER_AGENT_CONTACT', `https://example.com/${'x'.repeat(200)}`],
    ['USER_AGENT_CONTACT', 'a@b@c'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readConfig({ ...MINIMAL, [name]: value })).toThrow(new RegExp(`${name} must be`));
  });

  it('never let a list open loopback on AWS', () => {
    expect(readConfig({ ...MINIMAL, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' }).fetch.isLoopbackAllowed).toBe(
      false,
    );
  });

  it.each([
    ['CORS_ORIGINS', 'app.example.test', /CORS_ORIGINS has "app.example.test", which is not an origin/],
    ['CORS_ORIGINS', 'https://a.test,*', /Use "\*" only alone/],
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
    ['S3_ENDPOINT', 'minio:9000/?x=1', /S3_ENDPOINT .* without user, query and fragment/],
    ['S3_ENDPOINT', 'http://key:secret@minio:9000', /S3_ENDPOINT/],
    ['S3_PUBLIC_ENDPOINT', 'ftp://x', /S3_PUBLIC_ENDPOINT must be host:port or a URL/],
    ['S3_PUBLIC_ENDPOINT', 'http://localhost:9000/#path', /S3_PUBLIC_ENDPOINT/],
    ['REQUEST_RESERVE_MS', '999', /REQUEST_RESERVE_MS/],
    ['AWS_EMF_AGENT_ENDPOINT', 'tcp://127.0.0.1:25888', /must be udp/],
    ['AWS_EMF_AGENT_ENDPOINT', 'udp://localhost:0', /must be udp/],
    ['AWS_EMF_AGENT_ENDPOINT', 'udp://localhost:65536', /must be udp/],
    ['AWS_EMF_ENVIRONMENT', 'ECS', /must be Agent, Lambda or Local, not "ECS"/],
    ['AWS_EMF_ENVIRONMENT', 'agent', /must be Agent, Lambda or Local/],
    ['AWS_ACCESS_KEY_ID', 'alone', /Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither/],
    ['S3_BUCKET', ' ', /S3_BUCKET is required/],
    [
      'S3_BUCKET',
      's3://images',
      /S3_BUCKET must be only the name of a bucket, not "s3:\/\/images": the name is images\./,
    ],
    ['S3_BUCKET', 'S3://images/prefix/', /the name is images\./],
    ['S3_BUCKET', 'images/prefix', /S3_BUCKET must be only the name of a bucket, .*, without URL and path\./],
    ['S3_BUCKET', 'images/', /without URL and path/],
    ['S3_BUCKET', '/images', /without URL and path/],
    ['S3_BUCKET', 'https://images.s3.amazonaws.com', /without URL and path/],
    ['S3_BUCKET', 's3://', /without URL and path/],
    ['S3_BUCKET', 'my images', /without URL and path/],
    ['S3_ENDPOINT', 'https://host/images', /S3_ENDPOINT must not end with the bucket: set it in S3_BUCKET/],
    ['S3_ENDPOINT', 'host:9000/s3/images/', /must not end with the bucket/],
    ['S3_PUBLIC_ENDPOINT', 'https://files.test/images/', /S3_PUBLIC_ENDPOINT must not end with the bucket/],
    ['S3_BUCKET', '.', /S3_BUCKET must be only the name .*: a path cannot hold it/],
    ['S3_BUCKET', '..', /S3_BUCKET must be only the name .*: a path cannot hold it/],
    ['S3_BUCKET', 'a\u0001b', /without URL and path/],
    ['S3_BUCKET', 'b'.repeat(256), /S3_BUCKET must have at most 255 characters/],
    ['S3_FORCE_PATH_STYLE', 'no', /S3_FORCE_PATH_STYLE must be true or false, not "no"/],
    ['S3_CA', '/no/such/file', /S3_CA must be a certificate in PEM/],
  ])('refuse %s=%s in a sentence', (name, value, sentence) => {
    expect(() => readConfig({ ...MINIMAL, [name]: value })).toThrow(sentence);
  });

  it('take an endpoint with a path, a style and an access point', () => {
    const S3_BUCKET = 'arn:aws:s3:eu-north-1:123456789012:accesspoint/images';
    const { store } = readConfig({
      S3_BUCKET,
      S3_ENDPOINT: 'https://Host.test/storage/v1/s3/',
      S3_PUBLIC_ENDPOINT: 'files.test/s3',
      S3_FORCE_PATH_STYLE: 'false',
    });
    expect(store).toMatchObject({
      bucket: S3_BUCKET,
      endpoint: 'https://host.test/storage/v1/s3',
      publicEndpoint: 'http://files.test/s3',
      forcePathStyle: false,
    });
    expect(readConfig(MINIMAL).store).not.toHaveProperty('forcePathStyle');
  });

  it('need TLS for an authority of the storage', () => {
    const S3_CA = selfSigned('localhost', new Date()).cert;
    expect(messageOf(() => readConfig({ ...MINIMAL, S3_CA, S3_ENDPOINT: 'minio:9000' }))).toMatch(
      /S3_CA needs an S3_ENDPOINT that starts with https:/,
    );
    expect(readConfig({ ...MINIMAL, S3_CA, S3_ENDPOINT: 'https://minio:9000' }).store.ca).toBe(S3_CA.trim());
    expect(readConfig({ ...MINIMAL, S3_CA }).store.ca).toBe(S3_CA.trim());
  });

  it('report all faults together', () => {
    const message = messageOf(() => readConfig({ PORT: 'x', FETCH_PORTS: 'y' }));
    expect(message.split('\n- ').length).toBe(4);
  });

  describe('of Redis', () => {
    const faultOf = (env: Readonly<Record<string, string>>) =>
      messageOf(() => readConfig({ ...MINIMAL, ...env }));

    it.each([
      ['redis:6379', 'redis://redis:6379'],
      ['redis', 'redis://redis'],
      ['[::1]:6379', 'redis://[::1]:6379'],
      ['redis://redis/', 'redis://redis/'],
      ['redis://redis:6379/15', 'redis://redis:6379/15'],
      ['rediss://:p%40ss@redis:6380', 'rediss://:p%40ss@redis:6380'],
      ['REDISS://app:secret@redis', 'rediss://app:secret@redis'],
    ])('take %s', (REDIS_ADDRESS, url) => {
      expect(readConfig({ ...MINIMAL, REDIS_ADDRESS }).cache.url).toBe(url);
    });

    const FORM = /REDIS_ADDRESS must be host:port or a URL that starts with redis:\/\/ or rediss:\/\/\.$/;
    const ENCODE = /percent-encode all characters except letters and digits: @ is %40, # is %23/;
    it.each([
      ['http://redis', FORM],
      ['redis:port', FORM],
      ['redis:65536', FORM],
      ['redis://', FORM],
      ['sentinel://a:26379', /names a Sentinel, which is not supported: give the address of the primary/],
      ['redis+sentinel://a:26379,b:26379/mymaster', /names a Sentinel/],
      ['unix:///run/redis.sock', /names a socket file, which is not supported/],
      ['unix:/run/redis.sock', /names a socket file/],
      ['redis+unix:///run/redis.sock', /names a socket file/],
      ['/run/redis.sock', /names a socket file/],
      ['a:6379,b:6379', /has several hosts: give one\. Any server of a cluster is enough/],
      ['redis://a:6379,b:6379', /has several hosts/],
      ['redis://user:pass@a:6379,b:6379', /has several hosts/],
      ['redis://redis/abc', /must end with the port, or with \/ and a database number\.$/],
      ['redis://redis/0/1', /must end with the port/],
      ['redis://redis:6379/0?db=1', /must have no query and no fragment/],
      ['redis:6379#a', /must have no query and no fragment/],
      ['redis://:se#cret@redis:6379', ENCODE],
      ['redis://:se/cret@redis:6379', ENCODE],
      ['redis://:se?cret@redis:6379', ENCODE],
      ['redis://app:1#cret@redis:6379', ENCODE],
      ['redis://app:1/cret@redis:6379', ENCODE],
      ['redis://app:1?cret@redis:6379', ENCODE],
      ['redis://:se%cret@redis:6379', ENCODE],
      ['redis://:se cret@red is:6379', ENCODE],
      [':secret@redis:6379,', /has several hosts/],
    ])('refuse %s, and never say the password', (REDIS_ADDRESS, fault) => {
      const said = faultOf({ REDIS_ADDRESS });
      expect(said).toMatch(fault);
      expect(said).not.toMatch(/cret|pass@/);
    });

    it('take a comma in a password', () => {
      expect(readConfig({ ...MINIMAL, REDIS_ADDRESS: 'redis://:a,b@redis' }).cache.url).toBe(
        'redis://:a,b@redis',
      );
    });

    const { cert } = selfSigned('localhost', new Date());
    const TLS = 'rediss://redis:6379';
    it.each([
      ['in PEM', cert],
      ['in PEM on one line', cert.replaceAll('\n', '\\n')],
      ['two of them', `${cert}${cert}`],
      ['with text between them', `# one\n${cert}\n# two\n${cert}`],
      ['as OpenSSL once called them', cert.replaceAll(' CERT', ' TRUSTED CERT')],
    ])('take certificates %s', (_, REDIS_CA) => {
      const { ca = '' } = readConfig({ ...MINIMAL, REDIS_ADDRESS: TLS, REDIS_CA }).cache;
      expect(ca.trim()).toBe(REDIS_CA.replaceAll('\\n', '\n').trim());
    });

    it('take the path of a file with certificates', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'ca-'));
      const REDIS_CA = join(folder, 'ca.pem');
      await writeFile(REDIS_CA, cert);
      expect(readConfig({ ...MINIMAL, REDIS_ADDRESS: TLS, REDIS_CA }).cache.ca).toBe(cert);
      await rm(folder, { recursive: true });
    });

    it('refuse what is no certificate, and one that nothing needs, all together', () => {
      const both = faultOf({ REDIS_ADDRESS: 'unix:/x', REDIS_CA: '/no/such/file' });
      expect(both).toMatch(/REDIS_ADDRESS names a socket file/);
      expect(both).toMatch(
        /REDIS_CA must be a certificate in PEM .* or the path of a file with one, not "\/no\/such\/file"/,
      );
      const { key } = selfSigned('localhost', new Date());
      const said = faultOf({ REDIS_ADDRESS: TLS, REDIS_CA: key });
      expect(said).toMatch(/REDIS_CA must be a certificate/);
      expect(said).not.toContain('PRIVATE');
      expect(faultOf({ REDIS_ADDRESS: TLS, REDIS_CA: `${cert}${cert.slice(0, 90)}` })).toMatch(
        /REDIS_CA must have whole certificates alone: number 2 cannot be read/,
      );
      expect(faultOf({ REDIS_ADDRESS: 'redis:6379', REDIS_CA: cert })).toMatch(
        /REDIS_CA needs a REDIS_ADDRESS that starts with rediss/,
      );
      expect(faultOf({ REDIS_CA: cert })).toMatch(/REDIS_CA needs a REDIS_ADDRESS/);
    });
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
