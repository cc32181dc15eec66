import type { Pace } from '../../concurrency/pace.ts';
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

/** What reading one stylesheet came to. */
export type StylesheetResult =
  | {
      readonly kind: 'read';
      readonly bytes: Buffer;
      readonly contentType: string | undefined;
      /** After redirects: what its references are resolved against. */
      readonly finalUrl: URL;
      /** The end of the connection was the end of the text: it may have been cut. */
      readonly isUndelimited?: boolean;
    }
  | { readonly kind: 'failed'; readonly warning: Shortfall };

/** Reads one stylesheet; never throws for what a server does. */
export type ReadStylesheet = (url: URL, referrer: URL) => Promise<StylesheetResult>;

export interface StylesheetLimits {
  /** Stylesheets of one page. */
  readonly stylesheetsMax: number;
  /** Of those, so many are read at a time. */
  readonly stylesheetsAtATime: number;
  /** A stylesheet so many imports away from the page is the last that is read. */
  readonly importDepthMax: number;
}

export interface StylesheetParts {
  readonly readStylesheet: ReadStylesheet;
  readonly limits: StylesheetLimits;
  readonly pace: Pace;
}

/** The page as stylesheets see it. */
export interface StylesheetHome {
  /** What links are resolved against. */
  readonly base: string;
  readonly encoding: string;
  readonly finalUrl: URL;
  /** The page as a source. It gets its links here, or a shortfall when it has too many. */
  readonly source: SourceDraft;
}

/** A source whose reading goes on. */
export interface SourceDraft extends Source {
  url: string;
  readonly links: Set<number>;
  shortfall?: Shortfall;
  isDelimited: boolean;
  hasEnd: boolean;
}

export interface ReadStylesheets {
  /** What a stylesheet names, in order, imports included; only at the first link that led to it. */
  readonly referencesOf: (link: StylesheetLink) => Iterable<Reference>;
  readonly warnings: readonly Warning[];
  /** The page, and every stylesheet that is linked or imported: what `Reference.source` counts in. */
  readonly sources: readonly Source[];
}

/** A stylesheet that is to be read, and later what it holds. */
interface Sheet {
  readonly link: StylesheetLink;
  /** As linked, without fragment. */
  readonly url: string;
  /** It has the `url` of a `data:` stylesheet once that was read. */
  readonly source: SourceDraft;
  readonly sourceIndex: number;
  readonly referrer: URL;
  entries: readonly (Reference | StylesheetLink)[];
}

/** Those that are left out are counted up to this, so that a page of nothing but links costs little. */
const LEFT_OUT_COUNTED = 10_000;
const LINKS_BETWEEN_LOOKS = 128;
/** Of a `url` in a warning that is too long to be of use. */
const WARNED_URL_CHARS = 200;
/** Of a type in a detail, which is said of every image of the stylesheet. */
const TYPE_CHARS = 100;
/** Of a source whose further links were not even looked at. */
const TOO_MANY_LINKS: Shortfall = {
  code: 'LIMIT_REACHED',
  detail: `More than ${LEFT_OUT_COUNTED} stylesheets were not read.`,
};
const WRONG_TYPE = /^(?:text\/html|application\/xhtml\+xml|application\/json|(?:image|audio|video)\/.*)$/;

/**
 * Reads the stylesheets that `links` lead to, level by level: each URL once, in the order in which the page names
 * them. What cannot be read is a warning.
 */
export async function readStylesheets(
  links: readonly StylesheetLink[],
  home: StylesheetHome,
  parts: StylesheetParts,
): Promise<ReadStylesheets> {
  const sheets = new Map<StylesheetLink, Sheet>();
  const sources: SourceDraft[] = [home.source];
  /** By URL; null for the page itself. */
  const met = new Map<string, number | null>([[withoutFragment(home.finalUrl.href), null]]);
  const warnings: Warning[] = [];
  let considered = 0;
  let leftOut: { url: string; count: number } | null = null;

  /** Where it is the first time that it is met, it is to be read. */
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
    // To show megabytes of a `data:` URL they have to be decoded, which is done once.
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
      if (index % LINKS_BETWEEN_LOOKS === 0 && parts.pace.isDue()) await parts.pace.rest();
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

/** null when it is no address of a stylesheet at all. */
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

/** Without credentials, and no longer than is of use. */
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

/** In the order of `level`, so many at a time. */
async function readLevel(level: readonly Sheet[], parts: StylesheetParts): Promise<StylesheetResult[]> {
  const results: StylesheetResult[] = [];
  const waiting = level.entries();
  const worker = async () => {
    for (const [index, sheet] of waiting) results[index] = await readOne(sheet, parts);
  };
  await Promise.all(Array.from({ length: parts.limits.stylesheetsAtATime }, worker));
  return results;
}

async function readOne(sheet: Sheet, { readStylesheet, pace }: StylesheetParts): Promise<StylesheetResult> {
  const { url, referrer } = sheet;
  if (!isDataUrl(url)) return rightType(await readStylesheet(new URL(url), referrer));
  const data = decodeDataUrl(url);
  if (pace.isDue()) await pace.rest();
  sheet.source.url = shownDataUrl(url, data);
  return data === null
    ? { kind: 'failed', warning: { code: 'CONTENT_UNSUPPORTED', detail: 'Its data: URL cannot be read.' } }
    : { kind: 'read', bytes: data.bytes, contentType: data.contentType, finalUrl: new URL('data:,') };
}

/** A page or picture in a stylesheet's place (an error page, mostly) holds none. */
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

/** By its bytes: some servers send their error page as text/css, or as nothing. */
function notHtml(result: StylesheetResult): StylesheetResult {
  if (result.kind === 'failed' || !isHtmlForCss(result.bytes)) return result;
  const detail = 'The response is an HTML page, not CSS.';
  return { kind: 'failed', warning: { code: 'CONTENT_UNSUPPORTED', detail } };
}

async function readSheet(
  sheet: Sheet,
  result: Extract<StylesheetResult, { kind: 'read' }>,
  pageEncoding: string,
  { pace }: StylesheetParts,
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
      if (pace.isDue()) await pace.rest();
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
  // A text of nothing does not end: nothing of it came, perhaps.
  source.hasEnd = step.value.isClosed && text.trim() !== '';
  if (pace.isDue()) await pace.rest();
  return entries;
}

/** Depth is bounded by the import limit. */
function* flatten(
  sheets: ReadonlyMap<StylesheetLink, Sheet>,
  link: StylesheetLink,
): Generator<Reference, void, undefined> {
  for (const entry of sheets.get(link)?.entries ?? []) {
    if (entry.kind === 'image') yield entry;
    else yield* flatten(sheets, entry);
  }
}
