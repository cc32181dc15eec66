/** The plain data that the rooms hand to each other. No behaviour, no imports but the code lists. */
import type { ImageCode, ProblemCode, UnreachableReason } from './problem.ts';

/** What servers commonly accept as a request line: a longer URL is no address, and none is kept. */
export const URL_MAX_CHARS = 8_192;

/** Which candidates of a picture are wanted: every one, or per slot the largest. */
export type Variants = 'all' | 'best';

/** One place where a page names an image. */
export interface Place {
  /** Element (lower case), or `page` when the URL given is itself an image. */
  readonly element: string;
  /** Attribute, CSS property, meta property or JSON-LD key that holds the reference. */
  readonly attribute: string;
  /** The same number for all candidates of one picture. */
  readonly slot: number;
  /** As written in a `srcset`: `2x`, `640w`. */
  readonly descriptor?: string;
  readonly alt?: string;
  /** Absolute URL of the linked (or imported) stylesheet that holds the reference. */
  readonly stylesheet?: string;
}

/** An image that a page names: each URL once, in page order. */
export interface Candidate {
  /** Canonical absolute http(s) URL without fragment, or `data:<type>;sha256,<32 hex>` for a `data:` image. */
  readonly url: string;
  /** Decoded bytes of a `data:` image; nothing is fetched for it. */
  readonly data?: Buffer;
  /** At most `PLACES_LISTED` places, in page order; never empty. For display: `sources` is what is whole. */
  readonly places: readonly Place[];
  /** Every source that names it, each once: indices into the discovery's `sources`. */
  readonly sources: readonly number[];
  /** It is the largest candidate of at least one of its slots (what `variants: best` keeps). */
  readonly isBest: boolean;
  /** Every place of it stands on an element that has another candidate too: it may be a mere stand-in. */
  readonly hasAlternative: boolean;
  /** At least one place of it is on an element with a lazy-loading attribute. */
  readonly isLazyElement: boolean;
}

/** A `data:` image under this size is a stand-in wherever there is another candidate. */
export const STAND_IN_BYTES = 200;

/** At most so many places are kept and listed for one image. */
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

/** Codes of the page's own list and of the image list, as they apply to a stylesheet. */
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
  /** The page comes first; then each stylesheet that it links or that another one imports, read or not. */
  readonly sources: readonly Source[];
}

/** The id of the page among its sources. */
export const PAGE_SOURCE = 'page';

/** A text that names images: the page, or one of its stylesheets. */
export interface Source {
  /** `PAGE_SOURCE`, or a hash of the stylesheet's whole URL as linked. */
  readonly id: string;
  /** As it is shown in a warning. */
  readonly url: string;
  /** Indices of the stylesheets that it links or imports, each once. */
  readonly links: ReadonlySet<number>;
  /** Absent when it was read whole: only such a source may say that an image is gone. */
  readonly shortfall?: Shortfall;
  /** The transport said where its text ends. */
  readonly isDelimited: boolean;
  /** The text says so itself: a page by its end tag, a stylesheet by closing what it opens. */
  readonly hasEnd: boolean;
}

/** Why an image was not stored or was kept as it was. */
export interface Reason {
  readonly code: ImageCode;
  readonly detail: string;
  /** The upstream's HTTP status, with `IMAGE_STATUS`. */
  readonly status?: number;
}

export interface SkippedLine extends Reason {
  readonly url: string;
  readonly foundIn: readonly Place[];
}

/** What an image is, from its bytes alone. */
export interface ImageFacts {
  readonly contentType: string;
  /** Without dot, of the real type. */
  readonly extension: string;
  /** Pixels as a browser shows it; null where the bytes do not say (an unreadable header, an SVG's relative unit). */
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
  /** Name of the first item with the same bytes. */
  readonly duplicateOf?: string;
  /** Why the old copy was kept, with outcome `kept`. */
  readonly reason?: Reason;
}

/** What a conditional request needs: RFC 9110 section 13. */
export interface Validators {
  /** The URL that answered, after redirects: validators hold for no other. */
  readonly url: string;
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface StoredItem extends Item {
  readonly validators?: Validators;
}

export interface Counts {
  /** items + skipped, always. */
  readonly discovered: number;
  readonly items: number;
  readonly skipped: number;
  /** Skipped lines by code; whole even where the list is cut. */
  readonly byCode: Readonly<Partial<Record<ImageCode, number>>>;
}

interface RecordCommon {
  /** 1 in what this version writes; it reads later ones too, and knows the members below. */
  readonly schema: number;
  /** Unique to the operation that wrote this record, so that no ETag ever comes back. */
  readonly opId: string;
  /** The opIds of earlier records of this page, fences included, newest first, at most `PREDECESSORS_KEPT`. */
  readonly predecessors: readonly string[];
}

export const PREDECESSORS_KEPT = 100;

/** The truth about a harvested page, as kept in the bucket. */
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
  /** What an update must know. Absent in a record of before it was kept: `foundIn` and `imports` stand in. */
  readonly provenance?: Provenance;
  /** Only without `provenance`: the stylesheets that others imported, as `[imported, importer]`. */
  readonly imports?: readonly (readonly [string, string])[];
}

/** Where a page's images come from. An image is an index into `items`, and behind their end into `others`. */
export interface Provenance {
  /** The page comes first; then its stylesheets, those that name images before the others. */
  readonly sources: readonly KnownSource[];
  /** Image ids of what a source names and what has no copy. */
  readonly others: readonly string[];
  /** Images that some source may name, but it is not known which. */
  readonly unplaced: readonly number[];
  /** The sources name more images without a copy than `others` lists. */
  readonly hasMore?: true;
}

/** What a source named when it was read last, as far as it has not been read whole again. */
export interface KnownSource {
  /** As in `Source`. */
  readonly id: string;
  /** Images, ascending. */
  readonly names: readonly number[];
  /** Indices into `sources`, ascending. */
  readonly links: readonly number[];
  /** Why it was not read whole by the latest call; absent when it was. */
  readonly unread?: StylesheetCode;
  /** It was not read whole, names and links nothing, and has been read before all the same. */
  readonly wasRead?: true;
  /** Its last whole text had no end of its own, so that a later one needs none. */
  readonly lacksEnd?: true;
}

/** An empty record, left by a sweep so that a paused writer's commit fails. Counts as absent for every answer. */
export interface FenceRecord extends RecordCommon {
  readonly kind: 'fence';
}

export type StoredRecord = PageRecord | FenceRecord;

/** A record with the ETag that the bucket gave for it. */
export interface VersionedRecord {
  readonly record: StoredRecord;
  readonly etag: string;
}

/** Lists of names: what a PUT did to the page's copies. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/**
 * What was wrong in a TLS handshake: the server's certificate, the versions and ciphers of TLS that it offers, or what
 * it speaks instead.
 */
export type TlsFault = 'certificate' | 'version' | 'protocol';

/** Why a URL could not be read. The web room's closed list; pages and images map it to their own codes. */
export type WebFault =
  /** The policy refuses the address, the port, a local name, or credentials in a redirect's stead. */
  | 'forbidden'
  /** dns, connect, tls, protocol, encoding, redirects, status: as in `UnreachableReason`. */
  | UnreachableReason
  /** The resource's own time is over. */
  | 'timeout'
  /** Over `maxBytes`, decoded. */
  | 'tooLarge'
  /** The body ended before the transport said it would. */
  | 'truncated'
  /** `onBytes` said no. */
  | 'limit'
  /** The caller's signal was aborted. */
  | 'aborted';
