/** The calls of the S3 protocol that this service makes, each bounded in time. Failures are the SDK's own errors. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { StoreConfig } from '../config.ts';
import type { StoredObject, WriteCondition } from '../ports.ts';
import { createConnections, type HttpHandler } from './s3Connections.ts';
import { type PresignedCommand, presign } from './s3Link.ts';
import { STORE_TIMES, type StoreTimes } from './s3Times.ts';
import { createUploader } from './s3Upload.ts';

/** A body gets the time it takes at this rate on top: 1 MiB a second. */
const SLOWEST_BYTES_PER_MS = 1_048.576;

/** Above what one process uploads at a time, so that nothing queues for a socket while its time runs. */
const SOCKETS_MAX = 128;

/** Retries of what may be repeated: a lost connection or a busy server is often over within a second. */
const ATTEMPTS_MAX = 3;

export interface PutOptions {
  readonly contentType: string;
  readonly contentDisposition?: string;
  readonly signal?: AbortSignal;
  /** Of the body, hex, where the caller has it: hashing costs as much as sending. */
  readonly sha256?: string;
}

export interface FoundText {
  readonly text: string | null;
  readonly etag: string;
}

export interface ListedPage {
  readonly objects: readonly StoredObject[];
  /** To ask for what follows; undefined at the end. */
  readonly next: string | undefined;
}

export type ListFrom = { readonly token: string } | { readonly after: string };

export interface NotRemoved {
  readonly Key?: string | undefined;
  readonly Code?: string | undefined;
}

export interface S3Api {
  /** `text` is null when there are more than `maxBytes`. Rejects with an error named `NoSuchKey` when there is none. */
  get(key: string, maxBytes: number): Promise<FoundText>;
  put(key: string, body: Buffer, options: PutOptions): Promise<void>;
  /** One attempt: a retry would hide whether an unanswered one was applied. Resolves with the ETag. */
  putOnCondition(key: string, body: Buffer, condition: WriteCondition): Promise<string>;
  /** At most 1,000 keys. Resolves with the keys that could not be removed. */
  remove(keys: readonly string[]): Promise<readonly NotRemoved[]>;
  /** @param from the token of the page before, or the name after which the first page begins */
  list(prefix: string, from?: ListFrom): Promise<ListedPage>;
  link(key: string, ttlSeconds: number): Promise<string>;
  close(): void;
}

export function createS3Api(config: StoreConfig, times: StoreTimes = STORE_TIMES): S3Api {
  const { bucket: Bucket } = config;
  const fresh = createHandler(config, times, { keepAlive: false });
  const requestHandler = createConnections(createHandler(config, times, { keepAlive: true }), fresh);
  const client = createClient(config, ATTEMPTS_MAX, requestHandler);
  const singleAttempt = createClient(config, 1, requestHandler);
  // Its first attempt is another one's second.
  const repeating = createClient(config, ATTEMPTS_MAX - 1, fresh);
  const upload = createUploader(client, (Key) =>
    presign(client, new PutObjectCommand({ Bucket, Key }) as PresignedCommand, 60),
  );
  // A signature covers the host. This one connects to nothing: the name may well lead nowhere from here.
  const linking = config.publicEndpoint
    ? new S3Client(settingsOf({ ...config, endpoint: config.publicEndpoint }))
    : client;

  return {
    get: (Key, maxBytes) =>
      within(times.recordCallMs, undefined, async (abortSignal) => {
        for (let attempt = 1; ; attempt += 1) {
          const answer = await client.send(new GetObjectCommand({ Bucket, Key }), {
            abortSignal,
            requestTimeout: times.recordAttemptMs,
          });
          if (answer.Body === undefined || answer.ETag === undefined) {
            throw new Error('The answer to GET has no body or no ETag.');
          }
          // The SDK's own signal ends with the headers; a body that stops in the middle needs this.
          const body = answer.Body as unknown as Readable;
          abortSignal.addEventListener('abort', () => body.destroy(), { once: true });
          try {
            return { text: await readText(body, maxBytes), etag: answer.ETag };
          } catch (error) {
            // The SDK repeats what fails before the body, and no more.
            if (attempt === ATTEMPTS_MAX || abortSignal.aborted) throw error;
          }
        }
      }),

    put: async (Key, Body, { contentType, contentDisposition, signal, sha256 }) => {
      const transferMs = transferTime(Body);
      await within(times.bulkCallMs + ATTEMPTS_MAX * transferMs, signal, async (abortSignal) => {
        const options = { abortSignal, requestTimeout: times.bulkAttemptMs + transferMs };
        const headers = {
          'content-type': contentType,
          ...(contentDisposition && { 'content-disposition': contentDisposition }),
        };
        const hash = sha256 ?? createHash('sha256').update(Body).digest('hex');
        if (await upload({ key: Key, body: Body, sha256: hash, headers }, options)) return;
        abortSignal.throwIfAborted();
        const { ETag } = await repeating.send(
          new PutObjectCommand({
            Bucket,
            Key,
            Body,
            ContentLength: Body.length,
            ContentType: contentType,
            ...(contentDisposition && { ContentDisposition: contentDisposition }),
          }),
          options,
        );
        // Whatever stands before the store may answer 200 to anything.
        if (ETag === undefined) throw new Error('The answer to PUT has no ETag.');
      });
    },

    putOnCondition: (Key, Body, condition) =>
      within(times.recordCallMs + transferTime(Body), undefined, async (abortSignal) => {
        const { ETag } = await singleAttempt.send(
          new PutObjectCommand({
            Bucket,
            Key,
            Body,
            ContentLength: Body.length,
            ContentType: 'application/json',
            ...('ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: '*' }),
          }),
          { abortSignal, requestTimeout: times.recordAttemptMs + transferTime(Body) },
        );
        if (ETag === undefined) throw new Error('The answer to PUT has no ETag.');
        return ETag;
      }),

    remove: (keys) =>
      within(times.bulkCallMs, undefined, async (abortSignal) => {
        const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
        const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete }), {
          abortSignal,
          requestTimeout: times.bulkAttemptMs,
        });
        return answer.Errors ?? [];
      }),

    list: (Prefix, from) =>
      within(times.bulkCallMs, undefined, async (abortSignal) => {
        const start =
          from === undefined
            ? {}
            : 'token' in from
              ? { ContinuationToken: from.token }
              : { StartAfter: from.after };
        const answer = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ...start }), {
          abortSignal,
          requestTimeout: times.bulkAttemptMs,
        });
        // Required by the protocol: without it this is another server's answer, and no empty listing.
        if (answer.IsTruncated === undefined || (answer.IsTruncated && !answer.NextContinuationToken)) {
          throw new Error('The answer to ListObjectsV2 is no whole listing.');
        }
        return {
          objects: (answer.Contents ?? []).flatMap(({ Key, Size, LastModified }) =>
            Key === undefined || LastModified === undefined
              ? []
              : [{ name: Key, bytes: Size ?? 0, lastModified: LastModified }],
          ),
          next: answer.IsTruncated ? answer.NextContinuationToken : undefined,
        };
      }),

    link: (Key, ttlSeconds) =>
      presign(linking, new GetObjectCommand({ Bucket, Key }) as PresignedCommand, ttlSeconds),

    close: () => {
      client.destroy();
      singleAttempt.destroy();
      repeating.destroy();
      linking.destroy();
    },
  };
}

/** What all clients have in common. */
function settingsOf({ region, endpoint, credentials }: StoreConfig) {
  return {
    region,
    ...(credentials && { credentials }),
    // Asking first costs every body from 2 MiB on a round trip and, in the SDK, a connection of its own.
    expectContinueHeader: false,
    // Servers other than AWS: one host name for all buckets, and no checksums that they may not know.
    ...(endpoint !== undefined && {
      endpoint,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED' as const,
      responseChecksumValidation: 'WHEN_REQUIRED' as const,
    }),
  };
}

/** Each has connections of its own; without `keepAlive` a TLS session is still resumed. */
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
      httpsAgent: agent,
    },
  }).config;
  return requestHandler as HttpHandler;
}

function createClient(config: StoreConfig, maxAttempts: number, requestHandler: HttpHandler): S3Client {
  const client = new S3Client({ ...settingsOf(config), maxAttempts, requestHandler });
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

/** null, and no more of it is read, when there are more than `maxBytes`. */
async function readText(body: Readable, maxBytes: number): Promise<string | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // Leaving the loop destroys the body.
    if (bytes > maxBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function transferTime(body: Buffer): number {
  return Math.ceil(body.length / SLOWEST_BYTES_PER_MS);
}

/**
 * Ends `work` after `ms`, or with the caller's signal; rejects with the signal's reason then. The SDK's waits
 * between attempts do not hear the signal, hence the race.
 */
async function within<T>(
  ms: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(ms);
  const signal = caller === undefined ? timeout : AbortSignal.any([caller, timeout]);
  signal.throwIfAborted();
  const over = Promise.withResolvers<never>();
  const end = () => over.reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work(signal), over.promise]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
