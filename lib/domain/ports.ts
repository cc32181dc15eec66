/** What the adapters promise. Rooms depend on these; only `services.ts` knows who keeps the promises. */
import type { PageRecord, StoredRecord, TlsFault, Validators, VersionedRecord, WebFault } from './model.ts';

export interface WebRequest {
  /** http(s), already parsed; a fragment is ignored. */
  readonly url: URL;
  /**
   * Chooses the Accept headers and the time: `PAGE_TIMEOUT_MS` or `IMAGE_TIMEOUT_MS`, which runs from the moment at
   * which there is a connection for the request, and stands still wherever the service itself lets it wait.
   */
  readonly kind: 'page' | 'stylesheet' | 'image';
  /** Limit on decoded bytes, inclusive; a function is asked once, with the first bytes read. */
  readonly maxBytes: number | ((head: Buffer, contentType: string | undefined) => Promise<number>);
  /** The most that the function may say: of a body that announces more, no byte is read. */
  readonly announcedMaxBytes?: number;
  /** Sent as the browser's default policy (strict-origin-when-cross-origin) would. */
  readonly referrer?: URL;
  /** Sent as a condition to the hop whose URL is `validators.url`, to no other. */
  readonly validators?: Validators;
  /** The call that reads. Calls share the connections of a host fairly; absent: a call of this reading alone. */
  readonly caller?: string;
  /**
   * The cookies of a call, none at first. Every reading of the call sends those that are for its host; the readings of
   * kind `page` add what responses set. Absent: cookies live for this reading alone.
   */
  readonly cookies?: Cookie[];
  /** The caller's own end: aborted means fault `aborted`. */
  readonly signal: AbortSignal;
  /** Told of every piece of decoded body before it is kept; false ends the reading with fault `limit`. */
  readonly onBytes?: (count: number) => boolean | Promise<boolean>;
  /**
   * Resolves when there is room in memory for so many bytes more, encoded or decoded. The time of the reading stands
   * still meanwhile.
   */
  readonly room?: (count: number) => Promise<void>;
}

/** For exactly one host. */
export interface Cookie {
  readonly host: string;
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** For https alone. */
  readonly isSecure: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export type WebResult =
  | {
      readonly kind: 'read';
      /** After redirects, without fragment. */
      readonly finalUrl: URL;
      /** The header as it came. */
      readonly contentType: string | undefined;
      /** Decoded. */
      readonly bytes: Buffer;
      /** The transport said where the body ends (Content-Length met or chunks ended): it is whole. */
      readonly isDelimited: boolean;
      /** Present when the answer carried an ETag or Last-Modified. */
      readonly validators?: Validators;
    }
  | { readonly kind: 'notModified'; readonly finalUrl: URL; readonly validators: Validators }
  | {
      readonly kind: 'failed';
      readonly fault: WebFault;
      /** Public text, one sentence: no address, no upstream text. */
      readonly detail: string;
      /** With fault `status`. */
      readonly status?: number;
      /** With fault `tls`, where it is known. */
      readonly tls?: TlsFault;
      /** For the log alone. */
      readonly cause?: unknown;
    };

/** Reads one URL: address policy on every hop, redirects, limits, one deadline. Never throws for what a server does. */
export interface Web {
  read(request: WebRequest): Promise<WebResult>;
  /**
   * What `read` would answer to `url` for its own text's sake (scheme, credentials, literal address, local name, port,
   * own endpoint), before anything is asked of the network; null when only the network can tell.
   */
  refusalOf(url: URL): Extract<WebResult, { kind: 'failed' }> | null;
}

/** `If-Match: etag`, or `If-None-Match: *`. */
export type WriteCondition = { readonly ifMatch: string } | { readonly ifAbsent: true };

/** A record with the size of its text. */
export interface SizedRecord extends VersionedRecord {
  readonly bytes: number;
}

/** The records `pages/<pageId>.json`. Every method throws `STORAGE_UNAVAILABLE` when the bucket cannot be used. */
export interface RecordStore {
  /** null when there is none. A record that cannot be understood is `STORAGE_UNAVAILABLE`, never null. */
  read(pageId: string): Promise<VersionedRecord | null>;
  /**
   * As `read`, for look-ups, of which many may run at once: `'larger'` when the record has more than `maxBytes`, of which no
   * more is then read. The bytes that all such reads of the process hold at once are bounded, so a read may wait.
   */
  readUpTo(pageId: string, maxBytes: number): Promise<SizedRecord | null | 'larger'>;
  /**
   * One attempt, without retries. `unclear`: it may or may not have been applied (timeout, reset, 5xx, 404, 409,
   * 412). Throws `STORAGE_UNAVAILABLE` only when the store certainly did not apply it.
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
   * Checks once a day that the bucket honours conditional writes, without which nothing above holds.
   * Throws `STORAGE_UNAVAILABLE` with one sentence that says what is wrong with the server.
   */
  verify(): Promise<void>;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  readonly lastModified: Date;
}

/** The images `images/<imageId>/<pageId>/<opId>/<fileName>`. Throws `STORAGE_UNAVAILABLE`. */
export interface ImageStore {
  /**
   * Resolves when the bytes are durable. SVG is stored with `Content-Disposition: attachment`.
   * @param sha256 of the bytes, hex, where the caller has it
   */
  put(name: string, bytes: Buffer, contentType: string, signal: AbortSignal, sha256?: string): Promise<void>;
  /** Names that are not there are no error. */
  remove(names: readonly string[]): Promise<void>;
  /**
   * Every object whose name starts with `prefix`, in the order of the names' UTF-8 bytes, page by page.
   * @param after only the names that follow this one; it need not be the name of an object
   */
  list(prefix: string, after?: string): AsyncIterable<StoredObject>;
  /** A presigned GET link, valid for `LINK_TTL_SECONDS`. */
  link(name: string): Promise<string>;
}

/** Where a sweep goes on: in the keys `after` < key ≤ `until`, from the first page id behind `pageId` on. */
export interface SweepPosition {
  readonly after: string;
  readonly until: string;
  readonly pageId: string;
}

/** Where the next sweep begins. An aid: whatever it holds, a sweep that has time looks at every key. */
export interface SweepProgress {
  /** null when there is none, or none that can be understood. Throws `STORAGE_UNAVAILABLE`. */
  read(): Promise<SweepPosition | null>;
  /** Replaces it. Throws `STORAGE_UNAVAILABLE`. */
  write(position: SweepPosition): Promise<void>;
}

export type CachedPage =
  | { readonly kind: 'record'; readonly record: PageRecord }
  /** A writer is at work: answer from the bucket and do not fill. */
  | { readonly kind: 'busy' }
  /** Nothing there, or nothing that can be understood, or no cache. */
  | { readonly kind: 'miss' };

/** The entries `page:<pageId>`. An aid: no method ever throws or waits long; without Redis every read is a miss. */
export interface PageCache {
  read(pageId: string): Promise<CachedPage>;
  /** `SET NX EX`: never replaces an entry. A record whose text has more than 5 MiB is not kept. */
  fill(pageId: string, record: PageRecord): Promise<void>;
  /** Replaces whatever is there by this writer's busy marker. */
  markBusy(pageId: string, token: string, ttlMs: number): Promise<void>;
  /**
   * One compare-and-set: own marker → the record, or gone when `record` is null; a record → deleted;
   * another's marker → left. Instead of a record of more than 5 MiB it leaves what is a miss and is never filled.
   */
  settle(pageId: string, token: string, record: PageRecord | null): Promise<void>;
}

/** The locks `lock:<pageId>`: they save work and prove nothing. No method ever throws. */
export interface PageLock {
  /** `held` only when another holds it; without Redis `unavailable`, and the caller goes on. */
  take(pageId: string, token: string, ttlMs: number): Promise<'taken' | 'held' | 'unavailable'>;
  /** Compare-and-delete. */
  release(pageId: string, token: string): Promise<void>;
  /** Whether anybody holds it (a sweep asks). */
  isHeld(pageId: string): Promise<boolean>;
}

export interface Clock {
  /** Wall time, for what is written down. */
  now(): Date;
  /** Milliseconds that only go forward, for deadlines and durations: a clock set back must not stretch them. */
  elapsed(): number;
  /** Calls `act` once `elapsed()` has grown by `ms`; what it returns takes that back. */
  after(ms: number, act: () => void): () => void;
}

/** What one invocation did, for the metrics. Times in ms. */
export interface InvocationFacts {
  readonly operation: string;
  /** A problem code, or `OK`. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly measures: Measures;
}

/** Filled in while an operation runs. */
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
  /** Never throws; a dead receiver costs nothing. */
  emit(facts: InvocationFacts): Promise<void>;
}
