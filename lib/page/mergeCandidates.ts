import { type Candidate, PLACES_LISTED, type Place, STAND_IN_BYTES } from '../model.ts';
import { Problem } from '../problem.ts';
import type { Pace } from './pace.ts';
import type { Picture, Reference } from './references.ts';
import { type Resolved, resolveReference } from './resolveReference.ts';

/** What relative references are resolved against, and what is no image. */
export interface MergeContext {
  readonly base: string;
  /** The page's own URLs, without fragment. */
  readonly own: ReadonlySet<string>;
}

interface Draft {
  readonly url: string;
  readonly data?: Buffer;
  readonly places: Place[];
  isBest: boolean;
  hasAlternative: boolean;
  isLazyElement: boolean;
}

/** A reference with the candidate that it became. */
interface Found {
  readonly reference: Reference;
  readonly draft: Draft;
}

interface Slot {
  readonly number: number;
  best: Found;
}

/** All URLs together: a long base and many short references multiply. */
const URL_CHARS_MAX = 64 * 1024 * 1024;
const NAME_MAX_CHARS = 100;
const STEPS_BETWEEN_LOOKS = 128;

/**
 * Resolves references and makes one candidate of each URL, in page order.
 *
 * @throws CONTENT_UNSUPPORTED when the URLs would not fit into memory
 */
export async function mergeCandidates(
  references: readonly Reference[],
  context: MergeContext,
  pace: Pace,
): Promise<Candidate[]> {
  const resolve = createResolver(context);
  const drafts = createDrafts();
  const slots = new Map<Picture, Slot>();
  const alternatives = createAlternatives();
  const found: Found[] = [];

  for (const [index, reference] of references.entries()) {
    if (index % STEPS_BETWEEN_LOOKS === 0 && pace.isDue()) await pace.rest();
    const resolved = resolve(reference);
    if (resolved === null) continue;
    const draft = drafts.draftOf(resolved);
    const candidate = { reference, draft };
    const slot = slots.get(reference.picture);
    if (slot === undefined) slots.set(reference.picture, { number: slots.size, best: candidate });
    else if (isBetter(candidate, slot.best)) slot.best = candidate;
    alternatives.note(reference.picture, draft.url);
    if (reference.owner !== reference.picture) alternatives.note(reference.owner, draft.url);
    if (draft.places.length < PLACES_LISTED) {
      draft.places.push(placeOf(reference, slot?.number ?? slots.size - 1));
    }
    found.push(candidate);
  }

  for (const { reference, draft } of found) {
    const { picture, owner } = reference;
    draft.hasAlternative &&= alternatives.hasSeveral(picture) || alternatives.hasSeveral(owner);
    draft.isLazyElement ||= owner.hasLazyAttribute;
  }
  for (const { best } of slots.values()) best.draft.isBest = true;
  return drafts.all();
}

/** One draft a URL, in the order of the first places. */
function createDrafts() {
  const byUrl = new Map<string, Draft>();
  let chars = 0;
  return {
    draftOf: (resolved: Resolved): Draft => {
      const known = byUrl.get(resolved.url);
      if (known !== undefined) return known;
      chars += resolved.url.length;
      if (chars > URL_CHARS_MAX) throw tooManyChars();
      const draft = { ...resolved, places: [], isBest: false, hasAlternative: true, isLazyElement: false };
      byUrl.set(resolved.url, draft);
      return draft;
    },
    all: () => [...byUrl.values()],
  };
}

/** Tells which pictures and elements name more than one URL. */
function createAlternatives() {
  const firstUrl = new Map<Picture, string>();
  const several = new Set<Picture>();
  return {
    note: (picture: Picture, url: string) => {
      const first = firstUrl.get(picture);
      if (first === undefined) firstUrl.set(picture, url);
      else if (first !== url) several.add(picture);
    },
    hasSeveral: (picture: Picture) => several.has(picture),
  };
}

/** Resolves each text once per base: pages repeat themselves. */
function createResolver({ base, own }: MergeContext): (reference: Reference) => Resolved | null {
  const byBase = new Map<string, Map<string, Resolved | null>>();
  return (reference) => {
    const against = reference.base ?? base;
    const known = byBase.get(against) ?? new Map<string, Resolved | null>();
    byBase.set(against, known);
    const key = reference.needsImageType ? `image ${reference.text}` : reference.text;
    const before = known.get(key);
    if (before !== undefined) return before;
    const ownUrls = reference.base === undefined ? own : new Set([...own, reference.base]);
    const resolved = resolveReference(reference, against, ownUrls);
    known.set(key, resolved);
    return resolved;
  };
}

/**
 * Whether `a`, which comes later, is the better candidate of a slot than `b`: by `w`, else by `x` (1 where nothing is
 * said), then a lazy-loading attribute before its stand-in. A tiny `data:` image is better than nothing only: it
 * would be refused as a placeholder.
 */
function isBetter(a: Found, b: Found): boolean {
  const [forA, forB] = [merits(a), merits(b)];
  const decisive = forA.findIndex((merit, index) => merit !== forB[index]);
  return decisive !== -1 && (forA[decisive] ?? 0) > (forB[decisive] ?? 0);
}

function merits({ reference, draft }: Found): readonly number[] {
  const isStandIn = draft.data !== undefined && draft.data.length < STAND_IN_BYTES;
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
    detail: 'The addresses of the page’s images are too long to be kept, all together.',
  });
}
