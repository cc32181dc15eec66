/** The plain data that the rooms hand to each other. No behaviour, no imports but the code lists. */
import type { ImageCode, ProblemCode, UnreachableReason } from './problem.ts';

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
  /** At most `PLACES_LISTED` places, in page order; never empty. */
  readonly places: readonly Place[];
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

/** A stylesheet that could not be read, so that images may be missing. */
export interface Warning {
  readonly url: string;
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
  /** The stylesheets that were read: absolute URL → that of the stylesheet that imported it, null for a linked one. */
  readonly stylesheets: ReadonlyMap<string, string | null>;
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
  /** Pixels; null where the format does not say (an SVG without size, an unreadable header). */
  readonly width: number | null;
  readonly height: number | null;
}

export type Outcome = 'stored' | 'unchanged' | 'changed' | 'kept';

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
  readonly schema: 1;
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
  /** The stylesheets that were imported by others, as `[imported, importer]`: absolute URLs. */
  readonly imports: readonly (readonly [string, string])[];
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
