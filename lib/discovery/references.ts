/** What belongs together: the candidates of one picture, or all that one element names. Compared by identity. */
export interface Picture {
  /** An element of it has a lazy-loading attribute. */
  hasLazyAttribute: boolean;
  /** One of those attributes holds a background, for which the element's own style is a stand-in. */
  hasLazyBackground: boolean;
  /** What `mergeCandidates` knows of it: here and not in a map, since a page may have a million. */
  merged: MergedPicture | null;
}

export interface MergedPicture {
  /** The picture's number on the page; null as long as none of its candidates was found. */
  slot: number | null;
  /** The first address that it names. */
  readonly url: string;
  /** It names another one too. */
  hasSeveral: boolean;
}

/** One place of a page or stylesheet that names an image, as written. */
export interface Reference {
  readonly kind: 'image';
  readonly text: string;
  readonly element: string;
  readonly attribute: string;
  /** Whose candidate it is: the slot. */
  readonly picture: Picture;
  /** All that stands on the same element; the slot itself but for a `style` attribute. */
  readonly owner: Picture;
  readonly isLazy: boolean;
  readonly descriptor?: string;
  /** Of a `w` descriptor. */
  readonly width?: number;
  /** Of an `x` descriptor or a resolution. */
  readonly density?: number;
  readonly alt?: string;
  /** The stylesheet that holds it, as it is shown. */
  readonly stylesheet?: string;
  /** The same as an index into the discovery's sources; absent for the page itself. */
  readonly source?: number;
  /** What it is resolved against, when that is not the page's base URL. */
  readonly base?: string;
  /** The place does not say that it holds an image: a `data:` URL there must be one by its type. */
  readonly needsImageType?: boolean;
}

/** CSS in the page itself: a `style` element, a `style` attribute, or a lazy-loading attribute that holds `url()`. */
export interface InlineCss {
  readonly kind: 'css';
  readonly context: 'stylesheet' | 'declarations';
  readonly text: string;
  readonly element: string;
  /** The element's picture; null for a `style` element, whose images have nothing to do with each other. */
  readonly owner: Picture | null;
  /** The lazy-loading attribute that holds it: it is named, not the property. */
  readonly lazyAttribute?: string;
}

/** A stylesheet that the page links or that CSS imports. */
export interface StylesheetLink {
  readonly kind: 'stylesheet';
  readonly href: string;
  /** The element that carries the style. */
  readonly element: string;
  /** How many imports lead to it. */
  readonly depth: number;
  /** What `href` is resolved against, when that is not the page's base URL. */
  readonly base?: string;
  /** Encoding of what refers to it, when that is not the page. */
  readonly encoding?: string;
}

/** What the walk over a page finds, in document order. */
export type PageEntry = Reference | InlineCss | StylesheetLink;

export function newPicture(): Picture {
  return { hasLazyAttribute: false, hasLazyBackground: false, merged: null };
}
