/** A group of references: the candidates of one picture, or all references of one element. Compared by identity. */
export interface Picture {
  /** One of its elements has a lazy-loading attribute. */
  hasLazyAttribute: boolean;
  /** One of those attributes is a background, so the background in the element's style is a placeholder. */
  hasLazyBackground: boolean;
  /** State of `mergeCandidates`. It is here because a map of a million pictures would be slow. */
  merged: MergedPicture | null;
}

export interface MergedPicture {
  /** The picture's number on the page; null until one of its candidates is found. */
  slot: number | null;
  /** The first URL that it names. */
  readonly url: string;
  /** It names more than one URL. */
  hasSeveral: boolean;
}

/** One place in a page or stylesheet that names an image, before it is resolved. */
export interface Reference {
  readonly kind: 'image';
  readonly text: string;
  readonly element: string;
  readonly attribute: string;
  /** The picture of which this is a candidate. */
  readonly picture: Picture;
  /** All references of the same element. The same as `picture`, except for a `style` attribute. */
  readonly owner: Picture;
  /** It is in a lazy-loading attribute. */
  readonly isLazy: boolean;
  readonly descriptor?: string;
  /** Number of a `w` descriptor, in pixels. */
  readonly width?: number;
  /** Number of an `x` descriptor, or a CSS resolution in `x`. */
  readonly density?: number;
  readonly alt?: string;
  /** URL of the stylesheet that has it, as responses show it. */
  readonly stylesheet?: string;
  /** Index of that stylesheet in `Discovery.sources`; absent for the page itself. */
  readonly source?: number;
  /** The base URL to resolve it against; absent for the page's. */
  readonly base?: string;
  /** The place may have other content than images: a `data:` URL counts only if its type is an image type. */
  readonly needsImageType?: boolean;
}

/** CSS in the page itself: a `style` element, a `style` attribute, or a lazy-loading attribute with `url()`. */
export interface InlineCss {
  readonly kind: 'css';
  readonly context: 'stylesheet' | 'declarations';
  readonly text: string;
  readonly element: string;
  /** The element's picture; null for a `style` element, whose images are independent of each other. */
  readonly owner: Picture | null;
  /** The lazy-loading attribute that has the CSS. A place then names it instead of the CSS property. */
  readonly lazyAttribute?: string;
}

/** A stylesheet that the page links or that CSS imports. */
export interface StylesheetLink {
  readonly kind: 'stylesheet';
  readonly href: string;
  /** The page's element that has or links the CSS. */
  readonly element: string;
  /** Number of imports between the page and it. */
  readonly depth: number;
  /** The base URL for `href`; absent for the page's. */
  readonly base?: string;
  /** Encoding of the stylesheet that imports it; absent when the page refers to it. */
  readonly encoding?: string;
}

/** One result of the walk over a page, which is in document order. */
export type PageEntry = Reference | InlineCss | StylesheetLink;

export function newPicture(): Picture {
  return { hasLazyAttribute: false, hasLazyBackground: false, merged: null };
}
