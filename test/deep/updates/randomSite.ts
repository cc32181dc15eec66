/** A site of one page, its stylesheets and images, that changes and fails by chance. It is the truth of a run. */

import type { MemoryResource } from '../../fakes/memoryWeb.ts';
import { pngOf } from '../../support/pictures.ts';
import type { Random } from '../../support/random.ts';
import { PAGE } from '../../support/world.ts';

type PageElement =
  | { readonly kind: 'img'; readonly image: number }
  | { readonly kind: 'link'; readonly sheet: number }
  | { readonly kind: 'style'; readonly images: readonly number[]; readonly isBroken: boolean }
  | { readonly kind: 'jsonLd'; readonly images: readonly number[]; readonly isTooLong: boolean };

type SheetState = 'whole' | 'failed' | 'wrongType' | 'broken' | 'cut';

interface Sheet {
  readonly url: string;
  readonly images: readonly number[];
  readonly imports: readonly number[];
  readonly state: SheetState;
}

export interface Site {
  readonly elements: readonly PageElement[];
  readonly hasEndTag: boolean;
  readonly isDelimited: boolean;
  /** How many elements arrive, when the page is cut; then it is not delimited. */
  readonly cutAfter: number | null;
  readonly isCutInTag: boolean;
  readonly sheets: readonly Sheet[];
  /** Images that answer 404. */
  readonly missing: ReadonlySet<number>;
  /** Rules that each image has in a stylesheet. */
  readonly placesOfImage: number;
}

export interface SiteParts {
  readonly imagesCount: number;
  readonly sheetsCount: number;
  readonly placesOfImage: number;
  /** A run may break the budget of CSS, which costs a tenth of a second each time. */
  readonly mayBreakCss: boolean;
}

/** CSS with very many bad tokens. Without a function that takes a URL, discovery would not read it. */
const BROKEN = `${'"\n'.repeat(20_001)}.x{background:url()}`;
const TOO_LONG = 1024 * 1024;

export const imageUrl = (image: number) => `${PAGE}i/${image}.png`;

/** URLs of every length: usual ones, those around what an answer shows, and those around what a server takes. */
function sheetUrl(random: Random, sheet: number): string {
  const length = random.of([0, 0, 2_047, 2_049, 4_000, 8_000, 8_192, 8_193]);
  return `${PAGE}s/${sheet}.css?`.padEnd(length, 'x');
}

export function firstSite(random: Random, { imagesCount, sheetsCount, placesOfImage }: SiteParts): Site {
  const images = Array.from({ length: imagesCount }, (_, image) => image);
  const some = (share: number) => images.filter(() => random.chance(share));
  const isLarge = placesOfImage > 1;
  const sheets = Array.from({ length: sheetsCount }, (_, sheet): Sheet => {
    const others = Array.from({ length: sheetsCount }, (_, other) => other).filter((other) => other > sheet);
    return {
      url: sheetUrl(random, sheet),
      images: isLarge ? images : some(sheetsCount > 20 ? 0.03 : 0.4),
      imports: random.oneIn(3) ? others.slice(0, 12).filter(() => random.oneIn(4)) : [],
      state: 'whole',
    };
  });
  const elements = [
    ...some(isLarge ? 0.05 : 0.4).map((image): PageElement => ({ kind: 'img', image })),
    ...sheets.flatMap((_, sheet): PageElement[] => (random.oneIn(5) ? [] : [{ kind: 'link', sheet }])),
    { kind: 'style' as const, images: some(isLarge ? 0 : 0.2), isBroken: false },
    { kind: 'jsonLd' as const, images: some(isLarge ? 0 : 0.2), isTooLong: false },
  ];
  return {
    elements: elements.toSorted(() => random.next() - 0.5),
    hasEndTag: random.chance(0.8),
    isDelimited: random.chance(0.5),
    cutAfter: null,
    isCutInTag: false,
    sheets,
    missing: new Set(some(isLarge ? 0 : 0.1)),
    placesOfImage,
  };
}

/** What may be cut: whatever a reading before has shown the end of. Where none has, no reader can tell. */
export interface KnownEnds {
  readonly page: boolean;
  readonly sheets: ReadonlySet<number>;
}

/** The site at the time of the next call: images come and go, sources fail, break and are cut. */
export function nextSite(random: Random, site: Site, parts: SiteParts, ends: KnownEnds): Site {
  const isQuiet = random.oneIn(6);
  const stays = () => random.chance(0.75);
  const images = Array.from({ length: parts.imagesCount }, (_, image) => image);
  const changed = (list: readonly number[]) => {
    const added = random.oneIn(parts.sheetsCount > 20 ? 30 : 3) ? random.anyOf(images) : undefined;
    return [...list.filter(stays), ...(added === undefined || list.includes(added) ? [] : [added])];
  };
  const elements = site.elements.flatMap((element): PageElement[] => {
    if (element.kind === 'style') {
      const isBroken = parts.mayBreakCss && !isQuiet && random.oneIn(6);
      return [{ ...element, images: changed(element.images), isBroken }];
    }
    if (element.kind === 'jsonLd') {
      return [{ ...element, images: changed(element.images), isTooLong: !isQuiet && random.oneIn(12) }];
    }
    return stays() ? [element] : [];
  });
  const sheets = site.sheets.map((_, sheet) => sheet);
  // Where there are many, they sometimes push those out that were read before.
  const isCrowd = sheets.length > 20 && random.oneIn(2);
  const linked = sheets
    .filter(() => (isCrowd ? random.chance(0.7) : random.oneIn(3 * sheets.length)))
    .map((sheet): PageElement => ({ kind: 'link', sheet }));
  const newcomers: PageElement[] = [
    ...(random.oneIn(2) ? [{ kind: 'img' as const, image: random.below(parts.imagesCount) }] : []),
    ...linked,
  ];
  const next = [...newcomers.toSorted(() => random.next() - 0.5), ...elements];
  const isCut = !isQuiet && site.hasEndTag && ends.page && random.oneIn(4);
  return {
    ...site,
    elements: next,
    isDelimited: !isCut && random.chance(0.5),
    cutAfter: isCut ? random.below(next.length) : null,
    isCutInTag: random.oneIn(2),
    sheets: site.sheets.map((sheet, index) => ({
      ...sheet,
      images: changed(sheet.images),
      imports: sheet.imports.filter(stays),
      state: isQuiet ? 'whole' : stateOf(random, parts.mayBreakCss, ends.sheets.has(index)),
    })),
    missing: new Set(parts.placesOfImage > 1 ? [] : images.filter(() => random.oneIn(12))),
  };
}

function stateOf(random: Random, mayBreak: boolean, mayBeCut: boolean): SheetState {
  if (random.chance(0.6)) return 'whole';
  if (mayBreak && random.oneIn(3)) return 'broken';
  if (mayBeCut && random.oneIn(3)) return 'cut';
  return random.of(['failed', 'failed', 'wrongType']);
}

/** What the site answers, by URL. */
export function resourcesOf(site: Site, imagesCount: number): Record<string, MemoryResource> {
  const resources: Record<string, MemoryResource> = { [PAGE]: pageOf(site) };
  for (const sheet of site.sheets) resources[sheet.url] = sheetOf(sheet, site);
  for (let image = 0; image < imagesCount; image += 1) {
    resources[imageUrl(image)] = site.missing.has(image)
      ? { fault: 'status', status: 404 }
      : { type: 'image/png', body: PICTURES[image % PICTURES.length] ?? '', etag: `"${image}"` };
  }
  return resources;
}

const PICTURES = Array.from({ length: 8 }, (_, seed) => pngOf(seed));

function pageOf({ elements, cutAfter, isCutInTag, hasEndTag, isDelimited, sheets }: Site): MemoryResource {
  const texts = elements.map((element) => textOf(element, sheets));
  const start = '<!doctype html><html><body>';
  const body =
    cutAfter === null
      ? `${start}${texts.join('\n')}${hasEndTag ? '</body></html>' : ''}`
      : `${start}${texts.slice(0, cutAfter).join('\n')}${isCutInTag ? '<img src="i/0.p' : ''}`;
  return { type: 'text/html', body, isDelimited: cutAfter === null && isDelimited };
}

function textOf(element: PageElement, sheets: readonly Sheet[]): string {
  switch (element.kind) {
    case 'img':
      return `<img src="${imageUrl(element.image)}">`;
    case 'link':
      return `<link rel=stylesheet href="${sheets[element.sheet]?.url}">`;
    case 'style':
      return `<style>${element.isBroken ? BROKEN : ''}${rulesOf(element.images, 1)}</style>`;
    case 'jsonLd': {
      const data = {
        image: element.images.map(imageUrl),
        ...(element.isTooLong && { text: 'x'.repeat(TOO_LONG) }),
      };
      return `<script type="application/ld+json">${JSON.stringify(data)}</script>`;
    }
  }
}

function sheetOf({ images, imports, state }: Sheet, { sheets, placesOfImage }: Site): MemoryResource {
  if (state === 'failed') return { fault: 'status', status: 503 };
  if (state === 'wrongType') return { type: 'text/html', body: '<h1>Not here</h1>' };
  const imported = imports.map((sheet) => `@import "${sheets[sheet]?.url}";`).join('');
  const cut = state === 'cut' ? cutImages(images) : images;
  const body = `${state === 'broken' ? BROKEN : ''}${imported}${rulesOf(cut, placesOfImage)}`;
  return state === 'cut'
    ? { type: 'text/css', body: `${body}.cut{backgr`, isDelimited: false }
    : { type: 'text/css', body };
}

/** What arrives of a stylesheet that is cut. */
export function cutImages(images: readonly number[]): readonly number[] {
  return images.slice(0, images.length / 2);
}

function rulesOf(images: readonly number[], places: number): string {
  return images.map((image) => `.x{background:url("${imageUrl(image)}")}`.repeat(places)).join('');
}
