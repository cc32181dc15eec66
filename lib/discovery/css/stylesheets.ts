import type { Yielder } from '../../concurrency/yielder.ts';
import { shortHash } from '../../domain/identity.ts';
import { type Shortfall, type Source, URL_MAX_CHARS, type Warning } from '../../domain/model.ts';
import { isHtmlForCss } from '../markup/sniffHtml.ts';
import { type DataUrl, dataUrlName, decodeDataUrl, isDataUrl } from '../merge/dataUrl.ts';
import { withoutFragment } from '../merge/resolveReference.ts';
import { parseMimeType } from '../mimeType.ts';
import type { Reference, StylesheetLink } from '../references.ts';
import { readCss } from './css.ts';
import { decodeCss } from './decodeCss.ts';
import { groupPictures } from './inlineStyles.ts';

/** The outcome of reading one stylesheet. */
export type StylesheetResult =
  | {
      readonly kind: 'read';
      readonly bytes: Buffer;
      readonly contentType: string | undefined;
      /** The URL after redirects, against which its references are resolved. */
      readonly finalUrl: URL;
      /** The end of the connection ended the text, so it may be cut off. */
      readonly isUndelimited?: boolean;
    }
  | { readonly kind: 'failed'; readonly warning: Shortfall };

/** Reads one stylesheet. Never throws because of what a server does. */
export type ReadStylesheet = (url: URL, referrer: URL) => Promise<StylesheetResult>;

export interface StylesheetLimits {
  /** Stylesheets that are read for one page. */
  readonly stylesheetsMax: number;
  /** Stylesheets that are read concurrently. */
  readonly stylesheetsAtATime: number;
  /** Number of imports between the page and a stylesheet that is read. */
  readonly importDepthMax: number;
}

export interface StylesheetParts {
  readonly readStylesheet: ReadStylesheet;
  readonly limits: StylesheetLimits;
  readonly yielder: Yielder;
}

/** What stylesheets need of the page that links them. */
export interface StylesheetHome {
  /** The URL against which links are resolved. */
  readonly base: string;
  readonly encoding: string;
  readonly finalUrl: URL;
  /** The page as a source. `readStylesheets` adds its links, or a shortfall when it has too many. */
  readonly source: SourceDraft;
}

/** A source that is still being read. */
export interface SourceDraft extends Source {
  url: string;
  readonly links: Set<number>;
  shortfall?: Shortfall;
  isDelimited: boolean;
  hasEnd: boolean;
}

export interface ReadStylesheets {
  /** The references of a stylesheet and its imports, in order. Only the first link to a stylesheet has them. */
  readonly referencesOf: (link: StylesheetLink) => Iterable<Reference>;
  readonly warnings: readonly Warning[];
  /** The page, and every stylesheet that is linked or imported. `Reference.source` is an index into it. */
  readonly sources: readonly Source[];
}

/** A stylesheet to read, and its entries once it was read. */
interface Sheet {
  readonly link: StylesheetLink;
  /** Absolute, before redirects, without fragment. */
  readonly url: string;
  /** For a `data:` stylesheet its `url` is empty until it was read. */
  readonly source: SourceDraft;
  readonly sourceIndex: number;
  readonly referrer: URL;
  entries: readonly (Reference | StylesheetLink)[];
}

/** Unread stylesheets are counted up to this number, so that a page full of links costs little. */
const LEFT_OUT_COUNTED = 10_000;
const LINKS_BETWEEN_LOOKS = 128;
/** Characters that a warning shows of a URL that is too long. */
const WARNED_URL_CHARS = 200;
/** Characters that a detail shows of a type. The detail is repeated for every image of the stylesheet. */
const TYPE_CHARS = 100;
/** The shortfall of a source whose further links are ignored. */
const TOO_MANY_LINKS: Shortfall = {
  code: 'LIMIT_REACHED',
  detail: `More than ${LEFT_OUT_COUNTED} stylesheets were not read.`,
};
const WRONG_TYPE = /^(?:text\/html|application\/xhtml\+xml|application\/json|(?:image|audio|video)\/.*)$/;

/**
 * The stylesheets that `links` lead to. They are read level by level, each URL once, in the order in which the page
 * names them. A stylesheet that cannot be read is a warning.
 */
export async function readStylesheets(
  links: readonly StylesheetLink[],
  home: StylesheetHome,
  parts: StylesheetParts,
): Promise<ReadStylesheets> {
  const sheets = new Map<StylesheetLink, Sheet>();
  const sources: SourceDraft[] = [home.source];
  /** Index of the source by URL; null for the page itself. */
  const met = new Map<string, number | null>([[withoutFragment(home.finalUrl.href), null]]);
  const warnings: Warning[] = [];
  let considered = 0;
  let leftOut: { url: string; count: number } | null = null;

  /** The stylesheet of a link; null when it is already known or must not be read. */
  const admit = (link: StylesheetLink, referrer: URL, from: SourceDraft): Sheet | null => {
    if (leftOut !== null && leftOut.count >= LEFT_OUT_COUNTED) {
      from.shortfall ??= TOO_MANY_LINKS;
      return null;
    }
    const url = addressOf(link, home.base);
    const known = url === null ? null : met.get(url);
    if (typeof known === 'number') from.links.add(known);
    if (url === null || known !== undefined) return null;

    const sourceIndex = sources.length;
    const source: SourceDraft = {
      id: shortHash(url),
      url: '',
      links: new Set(),
      isDelimited: true,
      hasEnd: true,
    };
    met.set(url, sourceIndex);
    sources.push(source);
    from.links.add(sourceIndex);
    considered += 1;
    if (considered > parts.limits.stylesheetsMax) {
      source.shortfall = tooManySheets(parts.limits);
      leftOut = { url: leftOut?.url ?? url, count: (leftOut?.count ?? 0) + 1 };
      return null;
    }
    const refusal = refusalOf(link, url, parts.limits);
    if (refusal !== null) {
      source.shortfall = refusal;
      warnings.push({ ...refusal, url: presentable(url) });
      return null;
    }
    // The name of a `data:` URL needs its decoded bytes, so it is set when the URL is read.
    if (!isDataUrl(url)) source.url = presentable(url);
    const sheet: Sheet = { link, url, source, sourceIndex, referrer, entries: [] };
    sheets.set(link, sheet);
    return sheet;
  };

  const admitAll = async (
    found: readonly (Reference | StylesheetLink)[],
    referrer: URL,
    from: SourceDraft,
  ): Promise<Sheet[]> => {
    const admitted: Sheet[] = [];
    for (const [index, entry] of found.entries()) {
      if (index % LINKS_BETWEEN_LOOKS === 0 && parts.yielder.isDue()) await parts.yielder.yield();
      const sheet = entry.kind === 'stylesheet' ? admit(entry, referrer, from) : null;
      if (sheet !== null) admitted.push(sheet);
    }
    return admitted;
  };

  let level = await admitAll(links, home.finalUrl, home.source);
  while (level.length > 0) {
    const results = await readLevel(level, parts);
    const next: Sheet[] = [];
    for (const [index, sheet] of level.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      if (result.kind === 'failed') {
        sheet.source.shortfall = result.warning;
        warnings.push({ ...result.warning, url: sheet.source.url });
        continue;
      }
      sheet.entries = await readSheet(sheet, result, home.encoding, parts);
      next.push(...(await admitAll(sheet.entries, result.finalUrl, sheet.source)));
    }
    level = next;
  }
  if (leftOut !== null) warnings.push(limitWarning(leftOut, parts.limits));
  return { referencesOf: (link) => flatten(sheets, link), warnings, sources };
}

/** The absolute URL of a link, without fragment; null when it is not http(s) or `data:`. */
function addressOf({ href, base }: StylesheetLink, pageBase: string): string | null {
  if (isDataUrl(href)) return href;
  const url = URL.parse(href, base ?? pageBase);
  return url !== null && /^https?:$/.test(url.protocol) ? withoutFragment(url.href) : null;
}

function refusalOf(link: StylesheetLink, url: string, limits: StylesheetLimits): Shortfall | null {
  if (link.depth > limits.importDepthMax) {
    return {
      code: 'LIMIT_REACHED',
      detail: `It is more than ${limits.importDepthMax} imports away from the page; it was not read.`,
    };
  }
  if (isDataUrl(url)) return null;
  if (url.length > URL_MAX_CHARS) {
    return { code: 'LIMIT_REACHED', detail: `Its address is longer than ${URL_MAX_CHARS} characters.` };
  }
  const { username, password } = new URL(url);
  return username === '' && password === ''
    ? null
    : { code: 'ADDRESS_FORBIDDEN', detail: 'Its address contains credentials, which are never sent.' };
}

function tooManySheets({ stylesheetsMax }: StylesheetLimits): Shortfall {
  return { code: 'LIMIT_REACHED', detail: `The page has more than ${stylesheetsMax} stylesheets.` };
}

function limitWarning({ url, count }: { url: string; count: number }, limits: StylesheetLimits): Warning {
  return {
    url: presentable(url),
    code: 'LIMIT_REACHED',
    detail: `The page has more than ${limits.stylesheetsMax} stylesheets; this and ${count < LEFT_OUT_COUNTED ? '' : 'at least '}${count - 1} more were not read.`,
  };
}

/** The URL as responses show it: shortened, and without credentials. */
function presentable(url: string): string {
  if (isDataUrl(url)) return shownDataUrl(url, decodeDataUrl(url));
  if (url.length > URL_MAX_CHARS) return url.slice(0, WARNED_URL_CHARS);
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

function shownDataUrl(url: string, data: DataUrl | null): string {
  return data === null ? url.slice(0, WARNED_URL_CHARS) : dataUrlName(data);
}

/** The outcome for each stylesheet, in the order of `level`. */
async function readLevel(level: readonly Sheet[], parts: StylesheetParts): Promise<StylesheetResult[]> {
  const results: StylesheetResult[] = [];
  const waiting = level.entries();
  const worker = async () => {
    for (const [index, sheet] of waiting) results[index] = await readOne(sheet, parts);
  };
  await Promise.all(Array.from({ length: parts.limits.stylesheetsAtATime }, worker));
  return results;
}

async function readOne(
  sheet: Sheet,
  { readStylesheet, yielder }: StylesheetParts,
): Promise<StylesheetResult> {
  const { url, referrer } = sheet;
  if (!isDataUrl(url)) return rightType(await readStylesheet(new URL(url), referrer));
  const data = decodeDataUrl(url);
  if (yielder.isDue()) await yielder.yield();
  sheet.source.url = shownDataUrl(url, data);
  return data === null
    ? { kind: 'failed', warning: { code: 'CONTENT_UNSUPPORTED', detail: 'Its data: URL cannot be read.' } }
    : { kind: 'read', bytes: data.bytes, contentType: data.contentType, finalUrl: new URL('data:,') };
}

/** The result, or a failure when its Content-Type is that of a page or an image, as for an error page. */
function rightType(result: StylesheetResult): StylesheetResult {
  const type = result.kind === 'read' ? parseMimeType(result.contentType) : null;
  if (type === null || !WRONG_TYPE.test(type.essence)) return notHtml(result);
  return {
    kind: 'failed',
    warning: {
      code: 'CONTENT_UNSUPPORTED',
      detail: `Its Content-Type is ${type.essence.slice(0, TYPE_CHARS)}, not as text/css.`,
    },
  };
}

/** The result, or a failure when its bytes are HTML. Some servers send an error page as text/css or without a type. */
function notHtml(result: StylesheetResult): StylesheetResult {
  if (result.kind === 'failed' || !isHtmlForCss(result.bytes)) return result;
  const detail = 'The response is an HTML page, not CSS.';
  return { kind: 'failed', warning: { code: 'CONTENT_UNSUPPORTED', detail } };
}

async function readSheet(
  sheet: Sheet,
  result: Extract<StylesheetResult, { kind: 'read' }>,
  pageEncoding: string,
  { yielder }: StylesheetParts,
): Promise<(Reference | StylesheetLink)[]> {
  const { text, encoding } = decodeCss(result.bytes, result.contentType, sheet.link.encoding ?? pageEncoding);
  const entries: (Reference | StylesheetLink)[] = [];
  const base = withoutFragment(result.finalUrl.href);
  const { source, sourceIndex } = sheet;
  const { element, depth } = sheet.link;
  const pictureOf = groupPictures();
  const reading = readCss(text, 'stylesheet');
  let step = reading.next();
  for (; !step.done; step = reading.next()) {
    const found = step.value;
    if (found === null) {
      if (yielder.isDue()) await yielder.yield();
    } else if (found.kind === 'import') {
      entries.push({ kind: 'stylesheet', href: found.url, element, depth: depth + 1, base, encoding });
    } else {
      const { url, property, group, descriptor, density } = found;
      const picture = pictureOf(group);
      entries.push({
        kind: 'image',
        text: url,
        element,
        attribute: property,
        picture,
        owner: picture,
        isLazy: false,
        stylesheet: source.url,
        source: sourceIndex,
        base,
        ...(descriptor !== undefined && { descriptor }),
        ...(density !== undefined && { density }),
      });
    }
  }
  source.isDelimited = result.isUndelimited !== true;
  // An empty text has no end: perhaps it was cut off before its first byte.
  source.hasEnd = step.value.isClosed && text.trim() !== '';
  if (yielder.isDue()) await yielder.yield();
  return entries;
}

/** The references of a stylesheet and its imports, in order. `importDepthMax` bounds the recursion. */
function* flatten(
  sheets: ReadonlyMap<StylesheetLink, Sheet>,
  link: StylesheetLink,
): Generator<Reference, void, undefined> {
  for (const entry of sheets.get(link)?.entries ?? []) {
    if (entry.kind === 'image') yield entry;
    else yield* flatten(sheets, entry);
  }
}
