/** The plain data that the rooms pass to each other. It has no behaviour and imports only the lists of codes. */
import type { ImageCode, ProblemCode, UnreachableReason } from './problem.ts';

/** Servers commonly accept a request line of this length. A reference with a longer URL is ignored. */
export const URL_MAX_CHARS = 8_192;

/** Which candidates of a picture are stored: all, or the largest of each slot. */
export type Variants = 'all' | 'best';

/** One place where a page names an image. */
export interface Place {
  /** Element (lower case), or `page` when the URL given is itself an image. */
  readonly element: string;
  /** Attribute, CSS property, meta property or JSON-LD key that holds the reference. */
  readonly attribute: string;
  /** Number of the picture: all candidates of one picture have the same. */
  readonly slot: number;
  /** The descriptor as written in a `srcset`: `2x`, `640w`. */
  readonly descriptor?: string;
  readonly alt?: string;
  /** Absolute URL of the linked (or imported) stylesheet that holds the reference. */
  readonly stylesheet?: string;
}

/** An image that a page names. Candidates are in page order, and each URL is there once. */
export interface Candidate {
  /** Canonical absolute http(s) URL without fragment, or `data:<type>;sha256,<32 hex>` for a `data:` image. */
  readonly url: string;
  /** Decoded bytes of a `data:` image, which needs no download. */
  readonly data?: Buffer;
  /** From 1 to `PLACES_LISTED` places, in page order. For display: only `sources` is always whole. */
  readonly places: readonly Place[];
  /** Every source that names it, each once: indices into `Discovery.sources`. */
  readonly sources: readonly number[];
  /** It is the largest candidate of at least one of its slots, so `variants: best` keeps it. */
  readonly isBest: boolean;
  /** Each element that names it names another candidate too, so it may be a placeholder. */
  readonly hasAlternative: boolean;
  /** At least one place of it is on an element with a lazy-loading attribute. */
  readonly isLazyElement: boolean;
}

/** A `data:` image of fewer bytes is a placeholder where the element has another candidate. */
export const PLACEHOLDER_BYTES = 200;

/** Places that are kept and listed for one image at most. */
export const PLACES_LISTED = 20;

/** A source that was not read, or not whole, so that images may be missing. */
export interface Warning extends Shortfall {
  readonly url: string;
}

/** Why a source was not read whole. */
export interface Shortfall {
  readonly code: StylesheetCode;
  readonly detail: string;
  readonly status?: number;
}

/** The problem codes and image codes that also apply to a stylesheet. */
export type StylesheetCode =
  | Extract<
      ProblemCode,
      'PAGE_UNREACHABLE' | 'PAGE_TIMEOUT' | 'PAGE_TOO_LARGE' | 'CONTENT_UNSUPPORTED' | 'ADDRESS_FORBIDDEN'
    >
  | Extract<ImageCode, 'LIMIT_REACHED' | 'OUT_OF_TIME'>;

/** What discovery found on one page. */
export interface Discovery {
  readonly candidates: readonly Candidate[];
  readonly warnings: readonly Warning[];
  /** The page comes first, then each stylesheet that is linked or imported, whether it was read or not. */
  readonly sources: readonly Source[];
}

/** The id of the page among its sources. */
export const PAGE_SOURCE = 'page';

/** A text that names images: the page, or one of its stylesheets. */
export interface Source {
  /** `PAGE_SOURCE`, or a hash of the stylesheet's whole URL before redirects. */
  readonly id: string;
  /** The URL as a warning shows it. */
  readonly url: string;
  /** Indices of the stylesheets that it links or imports, each once. */
  readonly links: ReadonlySet<number>;
  /** Absent when it was read whole. Only then does an image that it no longer names count as gone. */
  readonly shortfall?: Shortfall;
  /** The transport said where its text ends (Content-Length or chunks). */
  readonly isDelimited: boolean;
  /** The text shows its end: a page has its end tag, a stylesheet is not empty and closes all that it opens. */
  readonly hasEnd: boolean;
}

/** Why an image was not stored or was kept as it was. */
export interface Reason {
  readonly code: ImageCode;
  readonly detail: string;
  /** HTTP status of the origin server, with `IMAGE_STATUS`. */
  readonly status?: number;
}

export interface SkippedLine extends Reason {
  readonly url: string;
  readonly foundIn: readonly Place[];
}

/** What an image is, from its bytes alone. */
export interface ImageFacts {
  readonly contentType: string;
  /** Without a dot, by the type that the bytes show. */
  readonly extension: string;
  /** CSS pixels as a browser shows it; null when unknown (an unreadable header, an SVG with a relative unit). */
  readonly width: number | null;
  readonly height: number | null;
}

type Outcome = 'stored' | 'unchanged' | 'changed' | 'kept';

/** An image that has a copy in the bucket. */
export interface Item {
  /** The object's key in the bucket: unique, stable while the image is unchanged. */
  readonly name: string;
  readonly url: string;
  /** 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly outcome: Outcome;
  readonly foundIn: readonly Place[];
  /** Name of the first item that has the same bytes. */
  readonly duplicateOf?: string;
  /** Why the old copy was kept, with outcome `kept`. */
  readonly reason?: Reason;
}

/** What a conditional request sends (RFC 9110 section 13). */
export interface Validators {
  /** The URL that sent the response, after redirects. Validators are valid for this URL only. */
  readonly url: string;
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface StoredItem extends Item {
  readonly validators?: Validators;
}

export interface Counts {
  /** Always `items` + `skipped`. */
  readonly discovered: number;
  readonly items: number;
  readonly skipped: number;
  /** Number of skipped lines by code. It counts all of them, even when the list is cut. */
  readonly byCode: Readonly<Partial<Record<ImageCode, number>>>;
}

interface RecordCommon {
  /** This version writes 1. It also reads later schemas, of which it knows the members below. */
  readonly schema: number;
  /** Unique to the operation that wrote this record, so that no two records have the same ETag. */
  readonly opId: string;
  /** The opIds of earlier records of this page, fences included, newest first, at most `PREDECESSORS_KEPT`. */
  readonly predecessors: readonly string[];
}

export const PREDECESSORS_KEPT = 100;

/** All that is known about a harvested page. The bucket's copy is authoritative, the cache's is not. */
export interface PageRecord extends RecordCommon {
  readonly kind: 'page';
  readonly url: string;
  readonly finalUrl: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly complete: boolean;
  readonly variants: Variants;
  readonly counts: Counts;
  readonly items: readonly StoredItem[];
  /** The listed lines; `counts` says how many there were. */
  readonly skipped: readonly SkippedLine[];
  readonly warnings: readonly Warning[];
  /** What an update must know. Older records lack it: `foundIn` and `imports` are then used instead. */
  readonly provenance?: Provenance;
  /** Only in records without `provenance`: pairs of stylesheet URLs, `[imported, importer]`. */
  readonly imports?: readonly (readonly [string, string])[];
}

/** Which source names which images. An image is an index into `items` followed by `others`. */
export interface Provenance {
  /** The page comes first, then the stylesheets that name images, then the other stylesheets. */
  readonly sources: readonly KnownSource[];
  /** Ids of images that a source names and that have no copy. */
  readonly others: readonly string[];
  /** Images that an unknown source may name. */
  readonly unplaced: readonly number[];
  /** The sources name more images without a copy than `others` has. */
  readonly hasMore?: true;
}

/** What a source names and links: by its latest reading, and by earlier ones unless the latest was whole. */
export interface KnownSource {
  /** As in `Source`. */
  readonly id: string;
  /** Indices of images, ascending. */
  readonly names: readonly number[];
  /** Indices into `sources`, ascending. */
  readonly links: readonly number[];
  /** Why the latest call did not read it whole; absent when it did. */
  readonly unread?: StylesheetCode;
  /** Set only with `unread`, on a source that names and links nothing: an earlier call has read it. */
  readonly wasRead?: true;
  /** Its last whole text did not have `Source.hasEnd`, so a later text without it can be whole too. */
  readonly lacksEnd?: true;
}

/** An empty record that a sweep writes so that a paused writer's commit fails. Responses treat it as no record. */
export interface FenceRecord extends RecordCommon {
  readonly kind: 'fence';
}

export type StoredRecord = PageRecord | FenceRecord;

/** A record and the ETag under which the bucket has it. */
export interface VersionedRecord {
  readonly record: StoredRecord;
  readonly etag: string;
}

/** What a PUT did to the page's copies: lists of their names. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** What failed in a TLS handshake: the certificate, the versions or ciphers, or the server does not speak TLS. */
export type TlsFault = 'certificate' | 'version' | 'protocol';

/** Why a URL could not be read. The list is closed. Pages and images each map it to their codes. */
export type WebFault =
  /** The policy refuses the address, the port, a local name, or a redirect to a URL with credentials. */
  | 'forbidden'
  | UnreachableReason
  /** The time for this one URL is over. */
  | 'timeout'
  /** It has more decoded bytes than `maxBytes`. */
  | 'tooLarge'
  /** The body ended before the transport said it would. */
  | 'truncated'
  /** `onBytes` returned false. */
  | 'limit'
  /** The caller's signal was aborted. */
  | 'aborted';
