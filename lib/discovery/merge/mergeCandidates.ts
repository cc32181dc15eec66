import type { Yielder } from '../../concurrency/yielder.ts';
import { type Candidate, PLACEHOLDER_BYTES, PLACES_LISTED, type Place } from '../../domain/model.ts';
import { Problem } from '../../domain/problem.ts';
import type { MergedPicture, Picture, Reference } from '../references.ts';
import { createResolveReference, type Resolved, type ResolveReference } from './resolveReference.ts';

/** The base URL of relative references, and URLs that are not images. */
export interface MergeContext {
  readonly base: string;
  /** The page's own URLs, without fragment. */
  readonly own: ReadonlySet<string>;
}

interface Draft {
  readonly url: string;
  readonly data?: Buffer;
  readonly places: Place[];
  sources: readonly number[];
  isBest: boolean;
  hasAlternative: boolean;
  isLazyElement: boolean;
}

/** A reference and the draft of its candidate. */
interface Found {
  readonly reference: Reference;
  readonly draft: Draft;
}

/** Length of all resolved URLs together, with repetitions: many short references may each repeat a long base. */
const URL_CHARS_MAX = 64 * 1024 * 1024;
/** Number of texts whose resolved URL is cached: pages often repeat a text soon. */
const REMEMBERED_MAX = 4_096;
/** Number of maps. A single map of a million entries blocks the event loop for a quarter of a second when it grows. */
const SHARDS = 64;
const NAME_MAX_CHARS = 100;
const STEPS_BETWEEN_LOOKS = 128;

/**
 * One candidate for each URL that the references name, in page order.
 *
 * @throws CONTENT_UNSUPPORTED when the URLs would not fit into memory
 */
export async function mergeCandidates(
  references: Iterable<Reference>,
  context: MergeContext,
  yielder: Yielder,
): Promise<Candidate[]> {
  const resolve = createResolver(context);
  const drafts = createDrafts();
  /** The best candidate so far, by slot. */
  const best: Found[] = [];
  const found: Found[] = [];

  let steps = 0;
  for (const reference of references) {
    steps += 1;
    if (steps % STEPS_BETWEEN_LOOKS === 0 && yielder.isDue()) await yielder.yield();
    const resolved = resolve(reference);
    if (resolved === null) continue;
    const source = reference.source ?? 0;
    const draft = drafts.draftOf(resolved, source);
    const candidate = { reference, draft };
    const picture = note(reference.picture, draft.url);
    if (reference.owner !== reference.picture) note(reference.owner, draft.url);
    picture.slot ??= best.length;
    const before = best[picture.slot];
    if (before === undefined || isBetter(candidate, before)) best[picture.slot] = candidate;
    if (draft.places.length < PLACES_LISTED) draft.places.push(placeOf(reference, picture.slot));
    if (!draft.sources.includes(source)) draft.sources = [...draft.sources, source];
    found.push(candidate);
  }

  for (const [index, { reference, draft }] of found.entries()) {
    if (index % STEPS_BETWEEN_LOOKS === 0 && yielder.isDue()) await yielder.yield();
    const { picture, owner } = reference;
    draft.hasAlternative &&= picture.merged?.hasSeveral === true || owner.merged?.hasSeveral === true;
    draft.isLazyElement ||= owner.hasLazyAttribute;
  }
  for (const { draft } of best) draft.isBest = true;
  return drafts.all;
}

/** A collection with one draft for each URL, in the order in which the URLs are first seen. */
function createDrafts() {
  const byUrl = Array.from({ length: SHARDS }, () => new Map<string, Draft>());
  /** For each source a list with only itself, which all drafts of one source share to save memory. */
  const only: (readonly number[])[] = [];
  const all: Draft[] = [];
  return {
    draftOf: ({ url, data }: Resolved, source: number): Draft => {
      const shard = byUrl[shardOf(url)];
      const known = shard?.get(url);
      if (known !== undefined) return known;
      const sources = only[source] ?? [source];
      only[source] = sources;
      const draft: Draft = {
        url,
        ...(data !== undefined && { data }),
        places: [],
        sources,
        isBest: false,
        hasAlternative: true,
        isLazyElement: false,
      };
      shard?.set(url, draft);
      all.push(draft);
      return draft;
    },
    all,
  };
}

/** Index of the map for a URL: a hash of its end, in which the URLs of a page differ most. */
function shardOf(url: string): number {
  const { length } = url;
  return (url.charCodeAt(length - 1) * 31 + url.charCodeAt(length - 2) * 7 + length) % SHARDS;
}

/** The state of a picture or element, updated with one more URL that it names. */
function note(picture: Picture, url: string): MergedPicture {
  const merged = picture.merged ?? { slot: null, url, hasSeveral: false };
  merged.hasSeveral ||= merged.url !== url;
  picture.merged = merged;
  return merged;
}

/** A function that resolves references, and caches recent results. */
function createResolver({ base, own }: MergeContext): (reference: Reference) => Resolved | null {
  const onPage = createResolveReference(base, own);
  /** By base URL, which is the URL of the stylesheet. */
  const inStylesheets = new Map<string, ResolveReference>();
  const remembered = new Map<string, Resolved | null>();
  let rememberedBase: string | undefined;
  let chars = 0;
  const resolverOf = (stylesheet: string | undefined): ResolveReference => {
    if (stylesheet === undefined) return onPage;
    const known = inStylesheets.get(stylesheet);
    if (known !== undefined) return known;
    const resolve = createResolveReference(stylesheet, new Set([...own, stylesheet]));
    inStylesheets.set(stylesheet, resolve);
    return resolve;
  };
  return (reference) => {
    if (reference.base !== rememberedBase || remembered.size >= REMEMBERED_MAX) remembered.clear();
    rememberedBase = reference.base;
    const key = reference.needsImageType ? `image ${reference.text}` : reference.text;
    const before = remembered.get(key);
    if (before !== undefined) return before;
    const resolved = resolverOf(reference.base)(reference);
    chars += resolved?.url.length ?? 0;
    if (chars > URL_CHARS_MAX) throw tooManyChars();
    remembered.set(key, resolved);
    return resolved;
  };
}

/**
 * Whether `a` is a better candidate of a slot than the earlier `b`. The criteria in their order: not a tiny `data:`
 * image, larger `w`, larger `x` (1 by default), a lazy-loading attribute, not `data:`. A tiny `data:` image is refused
 * as a placeholder.
 */
function isBetter(a: Found, b: Found): boolean {
  const [forA, forB] = [merits(a), merits(b)];
  const decisive = forA.findIndex((merit, index) => merit !== forB[index]);
  return decisive !== -1 && (forA[decisive] ?? 0) > (forB[decisive] ?? 0);
}

function merits({ reference, draft }: Found): readonly number[] {
  const isStandIn = draft.data !== undefined && draft.data.length < PLACEHOLDER_BYTES;
  return [
    isStandIn ? 0 : 1,
    reference.width ?? -1,
    reference.density ?? 1,
    reference.isLazy ? 1 : 0,
    draft.data === undefined ? 1 : 0,
  ];
}

function placeOf(reference: Reference, slot: number): Place {
  const { element, attribute, descriptor, alt, stylesheet } = reference;
  return {
    element: element.slice(0, NAME_MAX_CHARS),
    attribute: attribute.slice(0, NAME_MAX_CHARS),
    slot,
    ...(descriptor !== undefined && { descriptor }),
    ...(alt !== undefined && { alt }),
    ...(stylesheet !== undefined && { stylesheet }),
  };
}

function tooManyChars(): Problem {
  return new Problem('CONTENT_UNSUPPORTED', {
    detail: 'The addresses of the page’s images are too long in total to be kept.',
  });
}
