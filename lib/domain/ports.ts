/** The interfaces that the adapters implement. Rooms depend on these; only `services.ts` knows the implementations. */
import type { PageRecord, StoredRecord, TlsFault, Validators, VersionedRecord, WebFault } from './model.ts';

export interface WebRequest {
  /** An http(s) URL; its fragment is ignored. */
  readonly url: URL;
  /**
   * Decides the Accept headers and the timeout (`PAGE_TIMEOUT_MS` or `IMAGE_TIMEOUT_MS`). The timeout starts once there
   * is a connection for the request, and is paused while the service itself delays the reading.
   */
  readonly kind: 'page' | 'stylesheet' | 'image';
  /** Limit on decoded bytes, inclusive. A function is called once, with the first bytes read. */
  readonly maxBytes: number | ((head: Buffer, contentType: string | undefined) => Promise<number>);
  /** The largest limit that `maxBytes` can return. A body that announces more bytes is refused unread. */
  readonly announcedMaxBytes?: number;
  /** Sent as a browser with the default policy (strict-origin-when-cross-origin) sends it. */
  readonly referrer?: URL;
  /** Sent only to the hop whose URL is `validators.url`. */
  readonly validators?: Validators;
  /** Id of the call that reads. Calls share the connections of a host fairly. Absent: this reading is its own call. */
  readonly caller?: string;
  /**
   * The cookies of a call, empty at first. Every reading of the call sends those for its host. A reading of kind `page`
   * adds the cookies that responses set. Absent: cookies last for this reading only.
   */
  readonly cookies?: Cookie[];
  /** Ends the reading with fault `aborted`. */
  readonly signal: AbortSignal;
  /** Called with the size of each decoded chunk before it is kept. False ends the reading with fault `limit`. */
  readonly onBytes?: (count: number) => boolean | Promise<boolean>;
  /** Resolves when memory has room for `count` more bytes, encoded or decoded. The timeout is paused meanwhile. */
  readonly room?: (count: number) => Promise<void>;
}

/** A cookie for exactly one host. */
export interface Cookie {
  readonly host: string;
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** Sent over https only. */
  readonly isSecure: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export type WebResult =
  | {
      readonly kind: 'read';
      /** After redirects, without fragment. */
      readonly finalUrl: URL;
      /** The Content-Type field, unchanged. */
      readonly contentType: string | undefined;
      /** Decoded. */
      readonly bytes: Buffer;
      /** The body is certainly whole: its Content-Length was reached, or its last chunk arrived. */
      readonly isDelimited: boolean;
      /** Present when the response had an ETag or Last-Modified. */
      readonly validators?: Validators;
    }
  | { readonly kind: 'notModified'; readonly finalUrl: URL; readonly validators: Validators }
  | {
      readonly kind: 'failed';
      readonly fault: WebFault;
      /** One sentence for callers, without resolved addresses and without text of the origin server. */
      readonly detail: string;
      /** With fault `status`. */
      readonly status?: number;
      /** With fault `tls`, where it is known. */
      readonly tls?: TlsFault;
      /** For the log alone. */
      readonly cause?: unknown;
    };

/** Reads from the web. */
export interface Web {
  /**
   * The outcome of reading one URL, after redirects. The address policy is checked on every hop, and one timeout bounds
   * all hops. Never throws because of what a server does.
   */
  read(request: WebRequest): Promise<WebResult>;
  /**
   * The failure that `read` would return because of the URL's text alone; null when `read` would use the network. The
   * text decides on scheme, credentials, literal address, local name, port and the service's own endpoints.
   */
  refusalOf(url: URL): Extract<WebResult, { kind: 'failed' }> | null;
}

/** `If-Match: etag`, or `If-None-Match: *`. */
export type WriteCondition = { readonly ifMatch: string } | { readonly ifAbsent: true };

/** A record and the size of its text. */
export interface SizedRecord extends VersionedRecord {
  readonly bytes: number;
}

/** The records `pages/<pageId>.json`. Every method throws `STORAGE_UNAVAILABLE` when the bucket cannot be used. */
export interface RecordStore {
  /** The page's record; null when it has no record. Throws `STORAGE_UNAVAILABLE` when it cannot be understood. */
  read(pageId: string): Promise<VersionedRecord | null>;
  /**
   * The page's record, null when it has no record, or `'larger'` when its text has more than `maxBytes`. For look-ups,
   * of which many may run at once: these reads share a bounded memory, so one may wait for others.
   */
  readUpTo(pageId: string, maxBytes: number): Promise<SizedRecord | null | 'larger'>;
  /**
   * The outcome of one attempt; there are no retries. `unclear`: the store may have applied it or not (timeout, reset,
   * 5xx, 404, 409, 412). Throws `STORAGE_UNAVAILABLE` only when the store certainly did not apply it.
   */
  write(
    pageId: string,
    record: StoredRecord,
    condition: WriteCondition,
  ): Promise<
    | { readonly kind: 'written'; readonly etag: string }
    | { readonly kind: 'unclear'; readonly cause: unknown }
  >;
  /**
   * Checks at most once a day that the bucket honours conditional writes, on which every commit relies.
   * Throws `STORAGE_UNAVAILABLE` with one sentence that says what is wrong with the server.
   */
  verify(): Promise<void>;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  readonly lastModified: Date;
}

/** The images `images/<imageId>/<pageId>/<opId>/<fileName>`. Every method throws `STORAGE_UNAVAILABLE`. */
export interface ImageStore {
  /**
   * Resolves when the bytes are durable. SVG is stored with `Content-Disposition: attachment`.
   * @param sha256 hash of the bytes in hex, when the caller has computed it already
   */
  put(name: string, bytes: Buffer, contentType: string, signal: AbortSignal, sha256?: string): Promise<void>;
  /** Resolves when none of the objects exists. A name without an object is not an error. */
  remove(names: readonly string[]): Promise<void>;
  /**
   * Every object whose name starts with `prefix`, in the order of the names' UTF-8 bytes. Fetched page by page.
   * @param after lists only names that follow this one, which need not exist
   */
  list(prefix: string, after?: string): AsyncIterable<StoredObject>;
  /** A presigned GET link, valid for `LINK_TTL_SECONDS`. */
  link(name: string): Promise<string>;
}

/** Where a sweep continues: among the keys `after` < key ≤ `until`, with the first page id after `pageId`. */
export interface SweepPosition {
  readonly after: string;
  readonly until: string;
  readonly pageId: string;
}

/** Where the next sweep begins. A wrong position does no harm: a sweep with enough time looks at every key. */
export interface SweepProgress {
  /** The position; null when it is missing or cannot be understood. Throws `STORAGE_UNAVAILABLE`. */
  read(): Promise<SweepPosition | null>;
  /** Replaces the position. Throws `STORAGE_UNAVAILABLE`. */
  write(position: SweepPosition): Promise<void>;
}

export type CachedPage =
  | { readonly kind: 'record'; readonly record: PageRecord }
  /** A writer is at work: read the bucket, and do not fill the cache. */
  | { readonly kind: 'busy' }
  /** There is no entry, it cannot be understood, or there is no cache. */
  | { readonly kind: 'miss' };

/**
 * The entries `page:<pageId>`. Nothing depends on them: no method throws or waits long, and without Redis every read is
 * a miss.
 */
export interface PageCache {
  read(pageId: string): Promise<CachedPage>;
  /** Adds an entry (`SET NX EX`), but never replaces one. A record whose text has more than 5 MiB is not cached. */
  fill(pageId: string, record: PageRecord): Promise<void>;
  /** Replaces any entry by this writer's busy marker. */
  markBusy(pageId: string, token: string, ttlMs: number): Promise<void>;
  /**
   * Ends this writer's work in one compare-and-set. Its marker becomes the record, or is deleted when `record` is null.
   * Another writer's marker stays, and a record in its place is deleted. In place of a record of more than 5 MiB, it
   * writes an entry that reads as a miss and that `fill` does not replace.
   */
  settle(pageId: string, token: string, record: PageRecord | null): Promise<void>;
}

/** The locks `lock:<pageId>`. They save duplicate work, but correctness does not rest on them. No method throws. */
export interface PageLock {
  /** `held` only when another call holds it; `unavailable` without Redis: the caller then continues without a lock. */
  take(pageId: string, token: string, ttlMs: number): Promise<'taken' | 'held' | 'unavailable'>;
  /** Deletes the lock if it still holds `token` (compare-and-delete). */
  release(pageId: string, token: string): Promise<void>;
  /** Whether any call holds it. Only a sweep asks. */
  isHeld(pageId: string): Promise<boolean>;
}

export interface Clock {
  /** Wall-clock time, for timestamps. */
  now(): Date;
  /** Monotonic milliseconds, for deadlines and durations: setting the wall clock does not change them. */
  elapsed(): number;
  /** Calls `act` once `elapsed()` has grown by `ms`. Returns a function that cancels this. */
  after(ms: number, act: () => void): () => void;
}

/** What the metrics record of one invocation. */
export interface InvocationFacts {
  readonly operation: string;
  /** A problem code, or `OK`. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly measures: Measures;
}

/** Each operation fills in what applies to it while it runs. */
export interface Measures {
  pageFetchMs?: number;
  storageMs?: number;
  discovered?: number;
  stored?: number;
  unchanged?: number;
  skippedByCode?: Readonly<Record<string, number>>;
  bytesDownloaded?: number;
  cacheHits?: number;
  cacheMisses?: number;
}

export interface Metrics {
  /** Records one invocation. Never throws, and does not wait for a receiver that is down. */
  emit(facts: InvocationFacts): Promise<void>;
}
