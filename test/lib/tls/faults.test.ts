/** What is wrong with TLS: every name that Node has for it, and what S3 and Redis say of each over real handshakes. */
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRedisCache } from '../../../lib/redis/cache.ts';
import { redisFaultOf } from '../../../lib/redis/fault.ts';
import { isCertainlyRefused, storageProblem } from '../../../lib/s3/problem.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { type TlsFault, tlsFaultOf } from '../../../lib/tls/faults.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { PATIENT_REDIS } from '../../contract/caches.ts';
import {
  alerting,
  certificateFaults,
  type FailingTls,
  hangingUp,
  oldVersion,
  plain,
  resetting,
  wantingClients,
} from '../../support/tlsServers.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function portOf({ server }: FailingTls): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => new Promise((resolve) => void server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

/** What a caller is told of a look-up. */
async function ofS3(failing: FailingTls): Promise<string> {
  const { ca } = failing;
  const store = createS3Store({
    ...{ bucket: 'bucket', region: 'us-east-1', credentials: LOCAL_KEYS, linkTtlSeconds: 60 },
    endpoint: `https://localhost:${await portOf(failing)}`,
    ...(ca !== undefined && { ca }),
  });
  open.push(async () => store.close());
  return store.records.read('a'.repeat(32)).then(
    () => 'It was read.',
    ({ detail }) => String(detail),
  );
}

/** What is logged of a look-up. */
async function ofRedis(failing: FailingTls): Promise<string> {
  const { ca } = failing;
  const told: string[] = [];
  const url = `rediss://localhost:${await portOf(failing)}`;
  const { cache, close } = createRedisCache(
    { url, ttlSeconds: 300, ...(ca !== undefined && { ca }) },
    { times: PATIENT_REDIS, tell: (notice) => told.push('cause' in notice ? notice.cause : notice.kind) },
  );
  await cache.markBusy('page', 'token', 1_000);
  await close();
  return told.join();
}

const OF_S3 = {
  untrusted: /is not signed by an authority that is trusted here: set S3_CA/,
  otherName: /is for another name: use its name in S3_ENDPOINT/,
  expired: /is not valid today/,
  notYetValid: /is not valid today/,
  unusable: /is broken, revoked, too weak or not for a server: renew it/,
  clientCertificate: /asks for a client certificate, which is not supported: turn that off/,
  handshake: /refuses the TLS connection: check its log/,
  noTls: /speaks no TLS on this port: begin S3_ENDPOINT with http:/,
} as const satisfies Readonly<Record<TlsFault, RegExp>>;

const OF_REDIS = {
  untrusted: /set REDIS_CA to the certificate of its authority/,
  otherName: /is for another name: use its name in REDIS_ADDRESS/,
  expired: /has expired: renew it/,
  notYetValid: /is not valid yet: check the clocks/,
  unusable: /is broken, revoked, too weak or not for a server: renew it/,
  clientCertificate: /asks for a client certificate, which is not supported: set tls-auth-clients/,
  handshake: /refuses the TLS connection: check its log/,
  noTls: /does not speak TLS on this port: use redis:/,
} as const satisfies Readonly<Record<TlsFault, RegExp>>;

const { untrusted, otherName, expired, notYetValid, clientAlone, byLeaf } = certificateFaults();
const SERVERS: readonly (readonly [TlsFault, () => FailingTls])[] = [
  ['untrusted', untrusted],
  ['otherName', otherName],
  ['expired', expired],
  ['notYetValid', notYetValid],
  ['unusable', clientAlone],
  ['unusable', byLeaf],
  ['clientCertificate', () => wantingClients('TLSv1.3')],
  // OpenSSL's word for it in TLS 1.2 is the same as for ciphers.
  ['handshake', () => wantingClients('TLSv1.2')],
  ['handshake', oldVersion],
  ['noTls', plain],
];

describe('a server', () => {
  it.each(SERVERS)('is said to fail by %s', async (fault, make) => {
    expect(await ofS3(make())).toMatch(OF_S3[fault]);
  });

  it.each(SERVERS)('is said to fail by %s, of Redis', async (fault, make) => {
    expect(await ofRedis(make())).toMatch(OF_REDIS[fault]);
  });

  it.each([resetting, hangingUp])('that is lost within the handshake: no advice to use TLS', async (make) => {
    const [s3, redis] = [await ofS3(make()), await ofRedis(make())];
    expect(s3).toBe(
      'The connection to the storage was lost: try again. If it is always lost, check its log.',
    );
    expect(redis).toMatch(/: The server closed the connection without a response\. \(/);
  });

  it.each([
    0, 10, 20, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86, 90, 109, 112, 115, 116, 120,
    255,
  ])('that sends alert %i is said to refuse the connection or to want a certificate', async (alert) => {
    const isOfCertificate = [42, 43, 44, 45, 46, 48, 49, 116].includes(alert);
    const fault = isOfCertificate ? 'clientCertificate' : 'handshake';
    // The connection just ends: close_notify (0), and what OpenSSL does not know.
    const isEnd = [0, 255].includes(alert);
    expect(await ofS3(alerting(alert))).toMatch(isEnd ? /was lost|refuses the TLS/ : OF_S3[fault]);
    expect(await ofRedis(alerting(alert))).toMatch(
      isEnd ? /closed the connection without a response/ : OF_REDIS[fault],
    );
  });
});

/** X509_V_ERR_… as Node 24 spells them. */
const CODES =
  `CERT_CHAIN_TOO_LONG CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REJECTED CERT_REVOKED CERT_SIGNATURE_FAILURE
  CERT_UNTRUSTED CRL_HAS_EXPIRED CRL_NOT_YET_VALID CRL_SIGNATURE_FAILURE DEPTH_ZERO_SELF_SIGNED_CERT
  ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CRL_LAST_UPDATE_FIELD
  ERROR_IN_CRL_NEXT_UPDATE_FIELD HOSTNAME_MISMATCH INVALID_CA INVALID_PURPOSE OUT_OF_MEM PATH_LENGTH_EXCEEDED
  SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY UNABLE_TO_DECRYPT_CERT_SIGNATURE
  UNABLE_TO_DECRYPT_CRL_SIGNATURE UNABLE_TO_GET_CRL UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY
  UNABLE_TO_VERIFY_LEAF_SIGNATURE UNSPECIFIED`.split(/\s+/);

describe('each code of a certificate', () => {
  it.each(CODES)('%s has a sentence of its kind, and nothing was sent', (code) => {
    const error = Object.assign(new Error('certificate'), { code });
    const fault = tlsFaultOf(error);
    if (fault === null) throw new Error('It is not known.');
    expect(storageProblem(error).detail).toMatch(OF_S3[fault]);
    expect(isCertainlyRefused(error)).toBe(true);
    const address = { host: 'cache.test', port: 6380, database: 0, isTls: true };
    const { cause } = redisFaultOf(error, { isReply: false, isConnecting: true }, address);
    expect(cause).toMatch(OF_REDIS[fault]);
  });

  it.each(['ECONNRESET', 'ENOTFOUND', 'toString', '__proto__', ''])('%j is none', (code) => {
    expect(tlsFaultOf(Object.assign(new Error('other'), { code }))).toBeNull();
  });
});
