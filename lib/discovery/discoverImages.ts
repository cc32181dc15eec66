import { createYielder } from '../concurrency/yielder.ts';
import { type Discovery, PAGE_SOURCE, type Shortfall, URL_MAX_CHARS, type Warning } from '../domain/model.ts';
import { expandInlineStyles } from './css/inlineStyles.ts';
import {
  type ReadStylesheet,
  type ReadStylesheets,
  readStylesheets,
  type SourceDraft,
  type StylesheetLimits,
} from './css/stylesheets.ts';
import { JSON_LD_MAX_CHARS, JSON_LD_URLS_MAX } from './data/jsonLd.ts';
import { collectReferences } from './markup/collectReferences.ts';
import { decodeHtml } from './markup/decodeHtml.ts';
import type { LeftOut } from './markup/discoveryRules.ts';
import { parseDocument } from './markup/parseDocument.ts';
import { mergeCandidates } from './merge/mergeCandidates.ts';
import { withoutFragment } from './merge/resolveReference.ts';
import type { Reference, StylesheetLink } from './references.ts';

/** A page as read from the web. */
export interface Page {
  readonly html: Buffer;
  /** The Content-Type field, unchanged. */
  readonly contentType: string | undefined;
  /** As requested. */
  readonly url: URL;
  /** After redirects. */
  readonly finalUrl: URL;
  /** The end of the connection ended the page, so it may be cut off. */
  readonly isUndelimited?: boolean;
}

export interface DiscoveryParts {
  readonly readStylesheet: ReadStylesheet;
  readonly limits?: StylesheetLimits;
  /** When it is aborted, discovery throws its reason at the next yield. */
  readonly signal?: AbortSignal;
}

export const STYLESHEET_LIMITS: StylesheetLimits = {
  stylesheetsMax: 50,
  stylesheetsAtATime: 6,
  importDepthMax: 3,
};

/**
 * Every image that a page uses: in its markup, its styles and its linked stylesheets. Candidates are in page order,
 * each URL once; those of a stylesheet take the position of its `link`. The work yields often.
 *
 * Candidates include URLs with credentials. Callers must not fetch them, and must hide the credentials in lists.
 *
 * @throws CONTENT_UNSUPPORTED when the parsed page would not fit into memory
 */
export async function discoverImages(page: Page, parts: DiscoveryParts): Promise<Discovery> {
  const yielder = createYielder(parts.signal);
  const { text, encoding } = decodeHtml(page.html, page.contentType);
  const document = await parseDocument(text, yielder);
  const { entries, baseHref, leftOut } = await collectReferences(document, yielder);
  const base = baseUrl(baseHref, page.finalUrl);

  const expanded = await expandInlineStyles(entries, yielder);
  const pageUrl = withoutFragment(page.finalUrl.href);
  const isCut = page.isUndelimited && document.endsInside;
  const shortfalls = [...(isCut ? [CUT_INSIDE] : []), ...[...leftOut].map((what) => LEFT_OUT[what])];
  const source: SourceDraft = {
    id: PAGE_SOURCE,
    url: pageUrl,
    links: new Set(),
    isDelimited: page.isUndelimited !== true,
    hasEnd: document.hasEndTag,
  };
  const [shortfall] = shortfalls;
  if (shortfall !== undefined) source.shortfall = shortfall;
  const stylesheets = await readStylesheets(
    expanded.filter((entry) => entry.kind === 'stylesheet'),
    { base, encoding, finalUrl: page.finalUrl, source },
    { ...parts, limits: parts.limits ?? STYLESHEET_LIMITS, yielder },
  );
  const references = inOrder(expanded, stylesheets);
  const own = new Set([page.url, page.finalUrl].map((url) => withoutFragment(url.href)));
  const candidates = await mergeCandidates(references, { base, own }, yielder);
  const warnings: Warning[] = [
    ...stylesheets.warnings,
    ...shortfalls.map((missing) => ({ ...missing, url: pageUrl })),
  ];
  return { candidates, warnings, sources: stylesheets.sources };
}

/** All references in page order, with those of a stylesheet in place of its link. */
function* inOrder(
  entries: readonly (Reference | StylesheetLink)[],
  { referencesOf }: ReadStylesheets,
): Generator<Reference, void, undefined> {
  for (const entry of entries) {
    if (entry.kind === 'image') yield entry;
    else yield* referencesOf(entry);
  }
}

/**
 * The page's base URL: the HTML standard's "frozen base URL" (section 4.2.3).
 * @param href of the first `base` element that has one
 */
function baseUrl(href: string | undefined, finalUrl: URL): string {
  const fallback = withoutFragment(finalUrl.href);
  if (href === undefined) return fallback;
  const url = URL.parse(href, fallback);
  const isUsable =
    url !== null &&
    url.protocol !== 'data:' &&
    url.protocol !== 'javascript:' &&
    // Every resolved reference would repeat a longer base.
    url.href.length <= URL_MAX_CHARS;
  return isUsable ? url.href : fallback;
}

const LEFT_OUT: Readonly<Record<LeftOut, Shortfall>> = {
  jsonLd: {
    code: 'LIMIT_REACHED',
    detail: `The page’s JSON-LD was not read whole: a block may have ${JSON_LD_MAX_CHARS} characters, and all blocks together ${JSON_LD_URLS_MAX} images.`,
  },
};
const CUT_INSIDE: Shortfall = {
  code: 'PAGE_UNREACHABLE',
  detail: 'The page ends inside a tag, a comment, a script or the like: it may be cut off.',
};
