/** Reads the URL that was given and tells what it is: a page, or itself an image. */
import { abortAfter } from '../concurrency/waiting.ts';
import type { Limits } from '../config.ts';
import { discoverImages } from '../discovery/discoverImages.ts';
import { isHtmlType, looksLikeHtml } from '../discovery/markup/sniffHtml.ts';
import { type Discovery, PAGE_SOURCE } from '../domain/model.ts';
import type { Clock, Web, WebRequest } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { imageTypeOf, inspectImage } from '../image/inspectImage.ts';
import { pageProblem, stylesheetWarning } from './faults.ts';

interface PageServices {
  readonly web: Web;
  readonly limits: Limits;
  readonly clock: Clock;
}

export interface FoundPage {
  /** After redirects. */
  readonly finalUrl: URL;
  readonly discovery: Discovery;
}

/**
 * Fetches `url` and finds the images it uses. A URL that is an image is a page of that one image.
 *
 * @param signal ends every reading; what it ends is out of time
 * @param stylesheetsMs the time that all stylesheets together may take, so that slow ones leave some for the images
 * @throws ADDRESS_FORBIDDEN, CONTENT_UNSUPPORTED, PAGE_TOO_LARGE, PAGE_UNREACHABLE, PAGE_TIMEOUT
 */
export async function readPage(
  { web, limits, clock }: PageServices,
  url: URL,
  signal: AbortSignal,
  stylesheetsMs: number,
): Promise<FoundPage> {
  const page = await web.read({
    url,
    kind: 'page',
    maxBytes: async (head, contentType) =>
      (await isImage(head, contentType)) ? limits.imageMaxBytes : limits.pageMaxBytes,
    announcedMaxBytes: Math.max(limits.imageMaxBytes, limits.pageMaxBytes),
    signal,
  });
  if (page.kind === 'failed') throw pageProblem(page);
  // No condition was sent, and the adapter answers `notModified` to a condition only.
  if (page.kind === 'notModified') throw new Error('an unconditional request was answered as unchanged');
  const { finalUrl, contentType, bytes, isDelimited } = page;

  if (await isImage(bytes, contentType)) {
    await refuseBrokenImage(bytes, isDelimited);
    return { finalUrl, discovery: onlyImage(url, bytes) };
  }
  if (!isHtml(bytes, contentType))
    throw unsupported('The URL leads to neither HTML nor an image. Use the URL of a page or an image.');
  if (bytes.length === 0) throw unsupported('The page is empty. Check the URL in a browser.');
  using stylesheetsEnd = abortAfter(clock, stylesheetsMs, () => new Error('no time is left for stylesheets'));
  const stylesheetsSignal = AbortSignal.any([signal, stylesheetsEnd.signal]);
  const readStylesheet = createStylesheetReader(web, limits.pageMaxBytes - bytes.length, stylesheetsSignal);
  try {
    const page = { html: bytes, contentType, url, finalUrl, isUndelimited: !isDelimited };
    return { finalUrl, discovery: await discoverImages(page, { readStylesheet, signal }) };
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw pageProblem({ kind: 'failed', fault: 'aborted', detail: 'No time was left to read the page.' });
  }
}

/** Image bytes under any type are an image; but markup sent as HTML is HTML, even when it begins with `<svg`. */
async function isImage(head: Buffer, contentType: string | undefined): Promise<boolean> {
  const type = await imageTypeOf(head);
  return type !== null && !(type === 'image/svg+xml' && isHtmlType(contentType));
}

function isHtml(bytes: Buffer, contentType: string | undefined): boolean {
  return isHtmlType(contentType) || (contentType === undefined && bytes.length === 0) || looksLikeHtml(bytes);
}

function onlyImage(url: URL, bytes: Buffer): Discovery {
  const candidate = {
    url: url.href,
    data: bytes,
    places: [{ element: 'page', attribute: 'url', slot: 0 }],
    sources: [0],
    isBest: true,
    hasAlternative: false,
    isLazyElement: false,
  };
  const source = {
    id: PAGE_SOURCE,
    url: url.href,
    links: new Set<number>(),
    isDelimited: true,
    hasEnd: true,
  };
  return { candidates: [candidate], warnings: [], sources: [source] };
}

/**
 * What only begins like an image says nothing of what the page has now: an update must not remove anything for it.
 * Where the transport cannot tell that the body is whole, the connection may have been cut.
 */
async function refuseBrokenImage(bytes: Buffer, isDelimited: boolean): Promise<void> {
  const image = await inspectImage(bytes, { maxPixels: Number.POSITIVE_INFINITY, isDelimited });
  if (image.ok) return;
  const isCut = !isDelimited && image.code === 'IMAGE_TRUNCATED';
  if (isCut) throw new Problem('PAGE_UNREACHABLE', { detail: image.detail, reason: 'protocol' });
  throw unsupported(`The URL leads to a broken image: ${image.detail}`);
}

/** Stylesheets share the page's own budget of bytes. */
function createStylesheetReader(web: Web, budgetBytes: number, signal: AbortSignal) {
  let left = budgetBytes;
  return async (url: URL, referrer: URL) => {
    const request: WebRequest = {
      url,
      kind: 'stylesheet',
      maxBytes: Math.max(0, budgetBytes),
      referrer,
      signal,
      onBytes: (count) => {
        left -= count;
        return left >= 0;
      },
    };
    const sheet = await web.read(request);
    if (sheet.kind === 'failed') return { kind: 'failed' as const, warning: stylesheetWarning(sheet) };
    if (sheet.kind === 'notModified') throw new Error('an unconditional request was answered as unchanged');
    return {
      kind: 'read' as const,
      bytes: sheet.bytes,
      contentType: sheet.contentType,
      finalUrl: sheet.finalUrl,
      isUndelimited: !sheet.isDelimited,
    };
  };
}

const unsupported = (detail: string) => new Problem('CONTENT_UNSUPPORTED', { detail });
