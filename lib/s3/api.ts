/** The calls of the S3 protocol that this service makes, each bounded in time. Failures are the SDK's own errors. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { abortAfter, orAborted, systemClock } from '../concurrency/waiting.ts';
import type { StoreConfig } from '../config.ts';
import type { StoredObject, WriteCondition } from '../domain/ports.ts';
import { STORE_TIMES, type StoreTimes } from '../domain/times.ts';
import { storeClockOf, storeTime } from './clock.ts';
import { type PresignedCommand, presign } from './link.ts';
import { isWebPage } from './onlyFromS3.ts';
import { storeFault } from './problem.ts';
import { createRemover, type NotRemoved } from './remove.ts';
import {
  ATTEMPTS_MAX,
  createS3Clients,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from './sdk.ts';
import { createUploader } from './upload.ts';

/** A body gets the time it takes at this rate on top: 1 MiB a second. */
const SLOWEST_BYTES_PER_MS = 1_048.576;

interface PutOptions {
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

export interface S3Api {
  /** `text` is null for an object over `maxBytes`. Rejects with an error named `NoSuchKey` when the object is missing. */
  get(key: string, maxBytes: number): Promise<FoundText>;
  put(key: string, body: Buffer, options: PutOptions): Promise<void>;
  /**
   * One attempt, and another after a refusal of its time, which is certain. Any other retry would hide whether an
   * unanswered one was applied. Resolves with the ETag.
   */
  putOnCondition(key: string, body: Buffer, condition: WriteCondition): Promise<string>;
  /** At most 1,000 keys. Resolves with the keys that could not be removed. */
  remove(keys: readonly string[]): Promise<readonly NotRemoved[]>;
  /** @param from the token of the page before, or the name after which the first page begins */
  list(prefix: string, from?: ListFrom): Promise<ListedPage>;
  link(key: string, ttlSeconds: number): Promise<string>;
  close(): void;
}

/** @param removesSingly called once, when the store refuses to remove many objects in one request but not one by one */
export function createS3Api(
  config: StoreConfig,
  times: StoreTimes = STORE_TIMES,
  removesSingly: (cause: unknown) => void = () => undefined,
): S3Api {
  const { bucket: Bucket } = config;
  const clock = storeClockOf(config.endpoint);
  const { usual, single, repeating, linking, close } = createS3Clients(config, times, clock);
  const upload = createUploader(usual, (Key) =>
    presign(usual, new PutObjectCommand({ Bucket, Key }) as PresignedCommand, 60),
  );
  const remover = createRemover(
    {
      together: async (keys, options) => {
        const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
        return (await usual.send(new DeleteObjectsCommand({ Bucket, Delete }), options)).Errors ?? [];
      },
      one: async (Key, options) => {
        await usual.send(new DeleteObjectCommand({ Bucket, Key }), options);
      },
    },
    removesSingly,
  );

  return {
    get: (Key, maxBytes) =>
      within(times.recordCallMs, undefined, async (abortSignal) => {
        for (let attempt = 1; ; attempt += 1) {
          const response = await usual.send(new GetObjectCommand({ Bucket, Key }), {
            abortSignal,
            requestTimeout: times.recordAttemptMs,
          });
          if (response.Body === undefined) throw storeFault('NotS3', { status: 200 });
          // The SDK's own signal ends with the headers; a body that stops in the middle needs this.
          const body = response.Body as unknown as Readable;
          abortSignal.addEventListener('abort', () => body.destroy(), { once: true });
          try {
            const text = await readText(body, maxBytes);
            if (text !== null && isWebPage(text)) throw storeFault('WebPage', { status: 200 });
            return { text, etag: strongETag(response.ETag) };
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
        if (ETag === undefined) throw storeFault('NoETag', { status: 200 });
      });
    },

    putOnCondition: (Key, Body, condition) =>
      within(times.recordCallMs + transferTime(Body), undefined, async (abortSignal) => {
        const { ETag } = await single.send(
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
        return strongETag(ETag);
      }),

    remove: (keys) =>
      within(times.bulkCallMs, undefined, (abortSignal) =>
        remover(keys, { abortSignal, requestTimeout: times.bulkAttemptMs }),
      ),

    list: (Prefix, from) =>
      within(times.bulkCallMs, undefined, async (abortSignal) => {
        const start =
          from === undefined
            ? {}
            : 'token' in from
              ? { ContinuationToken: from.token }
              : { StartAfter: from.after };
        const result = await usual.send(new ListObjectsV2Command({ Bucket, Prefix, ...start }), {
          abortSignal,
          requestTimeout: times.bulkAttemptMs,
        });
        // Required by the protocol: without it this is another server's answer, and no empty listing.
        if (result.IsTruncated === undefined || (result.IsTruncated && !result.NextContinuationToken)) {
          throw storeFault('NotS3', { status: 200 });
        }
        return {
          objects: (result.Contents ?? []).flatMap(({ Key, Size, LastModified }) =>
            Key === undefined || LastModified === undefined
              ? []
              : [{ name: Key, bytes: Size ?? 0, lastModified: LastModified }],
          ),
          next: result.IsTruncated ? result.NextContinuationToken : undefined,
        };
      }),

    link: (Key, ttlSeconds) =>
      presign(
        linking,
        new GetObjectCommand({ Bucket, Key }) as PresignedCommand,
        ttlSeconds,
        storeTime(clock),
      ),

    close,
  };
}

/** A condition compares ETags strongly (RFC 9110 section 13.1.1), so a weak one never matches. */
function strongETag(etag: string | undefined): string {
  if (etag === undefined) throw storeFault('NoETag', { status: 200 });
  if (etag.startsWith('W/')) throw storeFault('Rewritten', { status: 200 });
  return etag;
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
 * between attempts do not hear the signal.
 */
async function within<T>(
  ms: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  caller?.throwIfAborted();
  // `AbortSignal.any` and `AbortSignal.timeout` would keep weak references for the collector to look after.
  using end = abortAfter(systemClock, ms, () => new DOMException('The store took too long', 'TimeoutError'));
  const { signal } = end;
  const abort = () => end.abort(caller?.reason);
  caller?.addEventListener('abort', abort, { once: true });
  try {
    return await orAborted(work(signal), signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    caller?.removeEventListener('abort', abort);
  }
}
