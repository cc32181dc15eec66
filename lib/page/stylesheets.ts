import type { Warning } from '../model.ts';
import type { Pace } from '../pace.ts';
import { readCss } from './css.ts';
import type { CssBudget } from './cssTokens.ts';
import { type DataUrl, dataUrlName, decodeDataUrl, isDataUrl } from './dataUrl.ts';
import { decodeCss } from './decodeCss.ts';
import { groupPictures } from './inlineStyles.ts';
import { parseMimeType } from './mimeType.ts';
import type { Reference, StylesheetLink } from './references.ts';
import { withoutFragment } from './resolveReference.ts';

/** What reading one stylesheet came to. */
export type StylesheetResult =
  | {
      readonly kind: 'read';
      readonly bytes: Buffer;
      readonly contentType: string | undefined;
      /** After redirects: what its references are resolved against. */
      readonly finalUrl: URL;
    }
  | { readonly kind: 'failed'; readonly warning: Omit<Warning, 'url'> };

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
  readonly budget: CssBudget;
  readonly pace: Pace;
}

/** The page as stylesheets see it. */
export interface StylesheetHome {
  /** What links are resolved against. */
  readonly base: string;
  readonly encoding: string;
  readonly finalUrl: URL;
}

export interface ReadStylesheets {
  /** What a stylesheet names, in order, imports included; only at the first link that led to it. */
  readonly referencesOf: (link: StylesheetLink) => Iterable<Reference>;
  readonly warnings: readonly Warning[];
  /** Those that were read: absolute URL → that of the stylesheet that imported it, null for a linked one. */
  readonly urls: ReadonlyMap<string, string | null>;
}

/** A stylesheet that is to be read, and later what it holds. */
interface Sheet {
  readonly link: StylesheetLink;
  /** As linked, without fragment. */
  readonly url: string;
  /** The same as it is shown; of a `data:` URL known once it was read. */
  shownUrl: string;
  readonly referrer: URL;
  /** The URL of the stylesheet that imports it; null when the page links it. */
  readonly importer: string | null;
  entries: readonly (Reference | StylesheetLink)[];
}

/** Those that are left out are counted up to this, so that a page of nothing but links costs little. */
const LEFT_OUT_COUNTED = 10_000;
const LINKS_BETWEEN_LOOKS = 128;
/** Servers take no longer ones. */
const URL_MAX_CHARS = 8_192;
/** Of a `url` in a warning that is too long to be of use. */
const WARNED_URL_CHARS = 200;
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
  const seen = new Set<string>([withoutFragment(home.finalUrl.href)]);
  const warnings: Warning[] = [];
  const urls = new Map<string, string | null>();
  let considered = 0;
  let leftOut: { url: string; count: number } | null = null;

  const admit = (link: StylesheetLink, referrer: URL, importer: string | null): Sheet | null => {
    if (leftOut !== null && leftOut.count >= LEFT_OUT_COUNTED) return null;
    const url = addressOf(link, home.base);
    if (url === null || seen.has(url)) return null;
    seen.add(url);
    considered += 1;
    if (considered > parts.limits.stylesheetsMax) {
      leftOut = { url: leftOut?.url ?? url, count: (leftOut?.count ?? 0) + 1 };
      return null;
    }
    const refusal = refusalOf(link, url, parts.limits);
    if (refusal !== null) {
      warnings.push({ ...refusal, url: presentable(url) });
      return null;
    }
    // To show megabytes of a `data:` URL they have to be decoded, which is done once.
    const shownUrl = isDataUrl(url) ? '' : presentable(url);
    const sheet: Sheet = { link, url, shownUrl, referrer, importer, entries: [] };
    sheets.set(link, sheet);
    return sheet;
  };

  const admitAll = async (
    found: readonly (Reference | StylesheetLink)[],
    referrer: URL,
    importer: string | null,
  ): Promise<Sheet[]> => {
    const admitted: Sheet[] = [];
    for (const [index, entry] of found.entries()) {
      if (index % LINKS_BETWEEN_LOOKS === 0 && parts.pace.isDue()) await parts.pace.rest();
      const sheet = entry.kind === 'stylesheet' ? admit(entry, referrer, importer) : null;
      if (sheet !== null) admitted.push(sheet);
    }
    return admitted;
  };

  let level = await admitAll(links, home.finalUrl, null);
  while (level.length > 0) {
    const results = await readLevel(level, parts);
    const next: Sheet[] = [];
    for (const [index, sheet] of level.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      if (result.kind === 'failed') {
        warnings.push({ ...result.warning, url: sheet.shownUrl });
        continue;
      }
      urls.set(sheet.shownUrl, sheet.importer);
      sheet.entries = await readSheet(sheet, result, home.encoding, parts);
      next.push(...(await admitAll(sheet.entries, result.finalUrl, sheet.shownUrl)));
    }
    level = next;
  }
  if (leftOut !== null) warnings.push(limitWarning(leftOut, parts.limits));
  return { referencesOf: (link) => flatten(sheets, link), warnings, urls };
}

/** null when it is no address of a stylesheet at all. */
function addressOf({ href, base }: StylesheetLink, pageBase: string): string | null {
  if (isDataUrl(href)) return href;
  const url = URL.parse(href, base ?? pageBase);
  return url !== null && /^https?:$/.test(url.protocol) ? withoutFragment(url.href) : null;
}

function refusalOf(link: StylesheetLink, url: string, limits: StylesheetLimits): Omit<Warning, 'url'> | null {
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
    : { code: 'ADDRESS_FORBIDDEN', detail: 'Its address carries credentials; they are never sent.' };
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
  sheet.shownUrl = shownDataUrl(url, data);
  return data === null
    ? { kind: 'failed', warning: { code: 'CONTENT_UNSUPPORTED', detail: 'Its data: URL cannot be read.' } }
    : { kind: 'read', bytes: data.bytes, contentType: data.contentType, finalUrl: new URL('data:,') };
}

/** A page or picture in a stylesheet's place (an error page, mostly) holds none. */
function rightType(result: StylesheetResult): StylesheetResult {
  const type = result.kind === 'read' ? parseMimeType(result.contentType) : null;
  if (type === null || !WRONG_TYPE.test(type.essence)) return result;
  return {
    kind: 'failed',
    warning: { code: 'CONTENT_UNSUPPORTED', detail: `It was answered as ${type.essence}, not as text/css.` },
  };
}

async function readSheet(
  sheet: Sheet,
  result: Extract<StylesheetResult, { kind: 'read' }>,
  pageEncoding: string,
  { budget, pace }: StylesheetParts,
): Promise<(Reference | StylesheetLink)[]> {
  const { text, encoding } = decodeCss(result.bytes, result.contentType, sheet.link.encoding ?? pageEncoding);
  const entries: (Reference | StylesheetLink)[] = [];
  const base = withoutFragment(result.finalUrl.href);
  const stylesheet = sheet.shownUrl;
  const { element, depth } = sheet.link;
  const pictureOf = groupPictures();
  for (const found of readCss(text, 'stylesheet', budget)) {
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
        stylesheet,
        base,
        ...(descriptor !== undefined && { descriptor }),
        ...(density !== undefined && { density }),
      });
    }
  }
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
