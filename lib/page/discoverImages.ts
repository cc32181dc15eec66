import type { Discovery, Warning } from '../model.ts';
import { createPace } from '../pace.ts';
import { collectReferences } from './collectReferences.ts';
import type { CssBudget } from './cssTokens.ts';
import { decodeHtml } from './decodeHtml.ts';
import { expandInlineStyles } from './inlineStyles.ts';
import { JSON_LD_MAX_CHARS, JSON_LD_URLS_MAX } from './jsonLd.ts';
import { mergeCandidates } from './mergeCandidates.ts';
import { parseDocument } from './parseDocument.ts';
import type { Reference, StylesheetLink } from './references.ts';
import { withoutFragment } from './resolveReference.ts';
import {
  type ReadStylesheet,
  type ReadStylesheets,
  readStylesheets,
  type StylesheetLimits,
} from './stylesheets.ts';

/** A page as it was read. */
export interface Page {
  readonly html: Buffer;
  /** The header as it came. */
  readonly contentType: string | undefined;
  /** As requested. */
  readonly url: URL;
  /** After redirects. */
  readonly finalUrl: URL;
}

export interface DiscoveryParts {
  readonly readStylesheet: ReadStylesheet;
  readonly limits?: StylesheetLimits;
  /** Aborted: discovery throws its reason at the next rest. */
  readonly signal?: AbortSignal;
}

export const STYLESHEET_LIMITS: StylesheetLimits = {
  stylesheetsMax: 50,
  stylesheetsAtATime: 6,
  importDepthMax: 3,
};
/** Bad tokens in all CSS of a page; more is no CSS. */
const CSS_FAULTS_MAX = 20_000;
/** Every relative reference would repeat a longer base. */
const BASE_MAX_CHARS = 8_192;

/**
 * Finds every image that a page uses: in its markup, its styles and its linked stylesheets. Candidates come in page
 * order, each URL once; what a stylesheet names stands where its `link` does. The event loop is never held for long.
 *
 * A URL with credentials is a candidate like any other: whoever fetches must refuse it, whoever lists must hide them.
 *
 * @throws CONTENT_UNSUPPORTED when the page's markup would not fit into memory once understood
 */
export async function discoverImages(page: Page, parts: DiscoveryParts): Promise<Discovery> {
  const pace = createPace(parts.signal);
  const budget: CssBudget = { faultsLeft: CSS_FAULTS_MAX };
  const { text, encoding } = decodeHtml(page.html, page.contentType);
  const { entries, baseHref, leftOut } = await collectReferences(await parseDocument(text, pace), pace);
  const base = baseUrl(baseHref, page.finalUrl);

  const expanded = await expandInlineStyles(entries, budget, pace);
  const stylesheets = await readStylesheets(
    expanded.filter((entry) => entry.kind === 'stylesheet'),
    { base, encoding, finalUrl: page.finalUrl },
    { ...parts, limits: parts.limits ?? STYLESHEET_LIMITS, budget, pace },
  );
  const references = inOrder(expanded, stylesheets);
  const own = new Set([page.url, page.finalUrl].map((url) => withoutFragment(url.href)));
  const candidates = await mergeCandidates(references, { base, own }, pace);
  const warnings = [
    ...stylesheets.warnings,
    ...(budget.faultsLeft > 0 ? [] : [limitWarning(page.finalUrl, BROKEN_CSS)]),
    ...(leftOut.has('jsonLd') ? [limitWarning(page.finalUrl, LONG_JSON_LD)] : []),
  ];
  return { candidates, warnings, stylesheets: stylesheets.urls };
}

/** What a stylesheet names stands where its link does. */
function* inOrder(
  entries: readonly (Reference | StylesheetLink)[],
  { referencesOf }: ReadStylesheets,
): Generator<Reference, void, undefined> {
  for (const entry of entries) {
    if (entry.kind === 'image') yield entry;
    else yield* referencesOf(entry);
  }
}

/** The HTML standard's "frozen base URL" (section 4.2.3), of the first `base` that has an `href`. */
function baseUrl(href: string | undefined, finalUrl: URL): string {
  const fallback = withoutFragment(finalUrl.href);
  if (href === undefined) return fallback;
  const url = URL.parse(href, fallback);
  const isUsable =
    url !== null &&
    url.protocol !== 'data:' &&
    url.protocol !== 'javascript:' &&
    url.href.length <= BASE_MAX_CHARS;
  return isUsable ? url.href : fallback;
}

const BROKEN_CSS = 'The page’s CSS is broken beyond reading; what followed was not looked at.';
const LONG_JSON_LD = `The page’s JSON-LD was not read whole: a block may have ${JSON_LD_MAX_CHARS} characters, and all blocks together ${JSON_LD_URLS_MAX} images.`;

function limitWarning(finalUrl: URL, detail: string): Warning {
  return { url: withoutFragment(finalUrl.href), code: 'LIMIT_REACHED', detail };
}
