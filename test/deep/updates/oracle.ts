/**
 * Says which copies an update must keep and which it must remove. It knows the truth of the site and what was asked of
 * it, and nothing of how the service works.
 */
import { cutImages, imageUrl, type KnownEnds, type Site } from './randomSite.ts';

type SourceName = 'page' | number;

/** What a source may hold: what it held when it was last read whole, and what was seen of it since. */
interface Holding {
  readonly images: Set<string>;
  readonly sheets: Set<number>;
}

interface Reading {
  readonly isWhole: boolean;
  readonly images: readonly number[];
  readonly sheets: readonly number[];
}

interface Verdict {
  /** URLs that some source names, or may name since it was not read whole. */
  readonly mayBeUsed: ReadonlySet<string>;
  /** Sources that were not read whole and hold something. */
  readonly unread: readonly SourceName[];
}

export interface Oracle {
  /** @param asked what the call asked the site for, in order */
  judge(site: Site, asked: readonly string[]): Verdict;
  ends(): KnownEnds;
}

export function createOracle(): Oracle {
  const holdings = new Map<SourceName, Holding>();
  const endsOfSheets = new Set<number>();
  let endOfPage = false;
  /** Images of sources that went while one was linked that was never read: it may be the same under another address. */
  const replaced = new Set<string>();

  const note = (name: SourceName, { isWhole, images, sheets }: Reading) => {
    const known = holdings.get(name);
    // One that was not read and shows nothing is as unknown as before.
    if (known === undefined && !isWhole && images.length + sheets.length === 0) return;
    if (known === undefined || isWhole) {
      holdings.set(name, { images: new Set(images.map(imageUrl)), sheets: new Set(sheets) });
      return;
    }
    for (const image of images) known.images.add(imageUrl(image));
    for (const sheet of sheets) known.sheets.add(sheet);
  };

  return {
    judge(site, asked) {
      const known = new Set(holdings.keys());
      const page = readingOfPage(site);
      const readings = readingsOfSheets(site, asked);
      note('page', page);
      endOfPage ||= site.cutAfter === null && site.hasEndTag;
      for (const [sheet, reading] of readings) note(sheet, reading);

      const inUse = new Set<SourceName>(['page']);
      for (const name of inUse) for (const sheet of holdings.get(name)?.sheets ?? []) inUse.add(sheet);
      const isUnread = (name: SourceName) =>
        name === 'page' ? !page.isWhole : readings.get(name)?.isWhole !== true;
      const mayReplace = [...inUse].some((name) => isUnread(name) && !known.has(name));
      // What no source leads to any more is no source of the page.
      for (const [name, { images }] of holdings) {
        if (inUse.has(name)) continue;
        if (mayReplace) for (const image of images) replaced.add(image);
        forget(name);
      }
      if (![...inUse].some(isUnread)) replaced.clear();
      for (const [sheet, reading] of readings) {
        if (site.sheets[sheet]?.state === 'whole' && reading.isWhole) endsOfSheets.add(sheet);
      }

      return {
        mayBeUsed: new Set([
          ...replaced,
          ...[...inUse].flatMap((name) => [...(holdings.get(name)?.images ?? [])]),
        ]),
        unread: [...inUse].filter((name) => isUnread(name) && (holdings.get(name)?.images.size ?? 0) > 0),
      };
    },
    ends: () => ({ page: endOfPage, sheets: endsOfSheets }),
  };

  function forget(name: SourceName): void {
    holdings.delete(name);
    if (name !== 'page') endsOfSheets.delete(name);
  }
}

function readingOfPage(site: Site): Reading {
  const arrived = site.elements.slice(0, site.cutAfter ?? site.elements.length);
  const images: number[] = [];
  let isWhole = site.cutAfter === null;
  for (const element of arrived) {
    if (element.kind === 'img') images.push(element.image);
    if (element.kind === 'jsonLd' && !element.isTooLong) images.push(...element.images);
    if (element.kind === 'jsonLd' && element.isTooLong) isWhole = false;
    if (element.kind === 'style') images.push(...element.images);
  }
  const sheets = arrived.flatMap((element) => (element.kind === 'link' ? [element.sheet] : []));
  return { isWhole, images, sheets };
}

/** Of those that were asked for and came. */
function readingsOfSheets(site: Site, asked: readonly string[]): ReadonlyMap<number, Reading> {
  const byUrl = new Map(site.sheets.map(({ url }, sheet) => [url, sheet]));
  const readings = new Map<number, Reading>();
  for (const url of asked) {
    const sheet = byUrl.get(url);
    const facts = sheet === undefined ? undefined : site.sheets[sheet];
    if (sheet === undefined || facts === undefined) continue;
    if (facts.state === 'failed' || facts.state === 'wrongType') continue;
    const images = facts.state === 'cut' ? cutImages(facts.images) : facts.images;
    readings.set(sheet, { isWhole: facts.state === 'whole', images, sheets: facts.imports });
  }
  return readings;
}
