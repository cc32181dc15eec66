/** The SDK as this service sets it: its clients with their addressing, checksums, connections and clock. */
import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import type { StoreConfig } from '../config.ts';
import type { StoreTimes } from '../domain/times.ts';
import { followClock, type StoreClock } from './clock.ts';
import { createConnections, type HttpHandler } from './connections.ts';
import { onlyFromS3 } from './onlyFromS3.ts';
import { Sha256 } from './sha256.ts';

export {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';

/** Above what one process uploads at a time, so that nothing queues for a socket while its time runs. */
const SOCKETS_MAX = 128;

/** Retries of what may be repeated: a lost connection or a busy server is often over within a second. */
export const ATTEMPTS_MAX = 3;

export interface S3Clients {
  /** Repeats what may be repeated. */
  readonly usual: S3Client;
  /** Sends once; again only what was refused for its time. */
  readonly single: S3Client;
  /** Its first attempt is another one's second. */
  readonly repeating: S3Client;
  /** For the endpoint that callers know. It connects to nothing: the name may well lead nowhere from here. */
  readonly linking: S3Client;
  close(): void;
}

export function createS3Clients(config: StoreConfig, times: StoreTimes, clock: StoreClock): S3Clients {
  const fresh = onlyFromS3(createHandler(config, times, { keepAlive: false }));
  const kept = onlyFromS3(createHandler(config, times, { keepAlive: true }));
  const requestHandler = createConnections(kept, fresh);
  const usual = createClient(config, clock, { maxAttempts: ATTEMPTS_MAX, requestHandler });
  const single = createClient(config, clock, { maxAttempts: 1, requestHandler });
  const repeating = createClient(config, clock, { maxAttempts: ATTEMPTS_MAX - 1, requestHandler: fresh });
  // A signature covers the host.
  const linking = config.publicEndpoint
    ? createClient({ ...config, endpoint: config.publicEndpoint }, clock)
    : usual;
  const close = () => {
    for (const client of [usual, single, repeating, linking]) client.destroy();
  };
  return { usual, single, repeating, linking, close };
}

/** What all clients have in common. */
function settingsOf({ region, endpoint, credentials, forcePathStyle = endpoint !== undefined }: StoreConfig) {
  return {
    region,
    sha256: Sha256,
    ...(credentials && { credentials }),
    // One host name for all buckets, which needs no entries in DNS.
    forcePathStyle,
    // Asking first costs every body from 2 MiB on a round trip and, in the SDK, a separate connection.
    expectContinueHeader: false,
    // Servers other than AWS may not know the newer checksums.
    ...(endpoint !== undefined && {
      endpoint,
      requestChecksumCalculation: 'WHEN_REQUIRED' as const,
      responseChecksumValidation: 'WHEN_REQUIRED' as const,
    }),
  };
}

/** A handler with its own connections. Without `keepAlive` a TLS session is still resumed. */
function createHandler(
  config: StoreConfig,
  times: StoreTimes,
  { keepAlive }: { readonly keepAlive: boolean },
): HttpHandler {
  const agent = { keepAlive, maxSockets: SOCKETS_MAX };
  const { requestHandler } = new S3Client({
    ...settingsOf(config),
    requestHandler: {
      connectionTimeout: times.connectMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: { ...agent, ...(config.ca !== undefined && { ca: config.ca }) },
    },
  }).config;
  return requestHandler as HttpHandler;
}

function createClient(
  config: StoreConfig,
  clock: StoreClock,
  options: { readonly maxAttempts?: number; readonly requestHandler?: HttpHandler } = {},
): S3Client {
  const client = new S3Client({ ...settingsOf(config), ...options });
  followClock(client, clock);
  // The SDK sends a CRC32 with DeleteObjects; servers from before 2025 want the Content-MD5 that S3 always took.
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const request = args.request as { readonly headers: Record<string, string>; readonly body?: unknown };
        if (commandName === 'DeleteObjectsCommand' && typeof request.body === 'string') {
          request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
        }
        return next(args);
      },
    { step: 'build', name: 'contentMd5OfDeleteObjects' },
  );
  return client;
}
