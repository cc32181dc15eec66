import type { StylesheetLimits, StylesheetResult } from '../../../lib/discovery/css/stylesheets.ts';
import { discoverImages } from '../../../lib/discovery/discoverImages.ts';
import type { Discovery, Place } from '../../../lib/domain/model.ts';

export const PAGE = 'http://page.test/dir/page.html';

/** A stylesheet as text, or as what reading it came to. */
type FakeStylesheet = string | StylesheetResult;

export interface FakeWorld {
  readonly contentType?: string;
  readonly url?: string;
  readonly finalUrl?: string;
  /** By absolute URL. */
  readonly stylesheets?: Readonly<Record<string, FakeStylesheet>>;
  readonly limits?: StylesheetLimits;
  /** Every stylesheet that was asked for, with its referrer. */
  readonly asked?: { readonly url: string; readonly referrer: string }[];
  readonly signal?: AbortSignal;
}

/** Discovers on a page at `PAGE`; stylesheets that are not given answer 404. */
export function discoverHtml(html: string | Buffer, world: FakeWorld = {}): Promise<Discovery> {
  const readStylesheet = async (url: URL, referrer: URL): Promise<StylesheetResult> => {
    world.asked?.push({ url: url.href, referrer: referrer.href });
    const sheet = world.stylesheets?.[url.href];
    if (sheet === undefined) {
      return {
        kind: 'failed',
        warning: { code: 'PAGE_UNREACHABLE', detail: 'It is not there.', status: 404 },
      };
    }
    return typeof sheet === 'string'
      ? { kind: 'read', bytes: Buffer.from(sheet), contentType: 'text/css', finalUrl: url }
      : sheet;
  };
  return discoverImages(
    {
      html: Buffer.from(html),
      contentType: world.contentType,
      url: new URL(world.url ?? PAGE),
      finalUrl: new URL(world.finalUrl ?? world.url ?? PAGE),
    },
    {
      readStylesheet,
      ...(world.limits && { limits: world.limits }),
      ...(world.signal && { signal: world.signal }),
    },
  );
}

export async function urlsIn(html: string | Buffer, world?: FakeWorld): Promise<string[]> {
  return (await discoverHtml(html, world)).candidates.map(({ url }) => url);
}

export async function bestIn(html: string): Promise<string[]> {
  return (await discoverHtml(html)).candidates.filter(({ isBest }) => isBest).map(({ url }) => url);
}

export async function placesIn(html: string, world?: FakeWorld): Promise<Place[]> {
  return (await discoverHtml(html, world)).candidates.flatMap(({ places }) => places);
}
