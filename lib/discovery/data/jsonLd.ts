import { createJsonReader } from './jsonEvents.ts';

/** Length of one block. Real blocks are a hundred times shorter. */
export const JSON_LD_MAX_CHARS = 1024 * 1024;

/** URLs in all blocks of a page: twenty times what one call stores. All of them stay in memory during discovery. */
export const JSON_LD_URLS_MAX = 20_000;

/** The budget that all JSON-LD blocks of a page share. */
export interface JsonLdBudget {
  urlsLeft: number;
}

/** An image that JSON-LD names. */
export interface JsonLdImage {
  readonly key: string;
  readonly url: string;
}

const IMAGE_KEYS: ReadonlySet<string> = new Set(['image', 'thumbnailUrl', 'logo']);
/** Real documents are a dozen levels deep. */
const LEVELS_MAX = 1_000;
const EVENTS_PER_STEP = 512;
const URLS_PER_STEP = 512;

/** The members of an object that count. */
interface Described {
  readonly isImage: boolean;
  id: string | null;
  url: string[] | null;
  contentUrl: string[] | null;
}

/** The value of an image key. */
interface Named {
  readonly key: string;
  readonly value: string | Described;
}

/** An open bracket. */
interface Level {
  /** null for a list. */
  readonly object: Described | null;
  /** For a list, the image key whose value it is; null for any other key. */
  readonly key: string | null;
  /** For a list of URLs, the array to which its strings are added. */
  readonly addresses: string[] | null;
}

const PLAIN_LIST: Level = { object: null, key: null, addresses: null };

/**
 * The images under `image`, `thumbnailUrl` and `logo` anywhere in a JSON-LD document, in its order. The value may be a
 * string, a list, an object with `url` or `contentUrl`, or a reference by `@id` to such an object. The URLs of a
 * referenced object are returned once, for its first reference. Text that is not JSON has no images. At a `null` the
 * caller may yield.
 *
 * @param budget loses one for each URL; reading stops when it is used up
 * @returns whether the document was read whole
 */
export function* readJsonLd(
  text: string,
  budget: JsonLdBudget,
): Generator<JsonLdImage | null, boolean, undefined> {
  const { named, byId, isWhole } = yield* readNamed(text, budget.urlsLeft);
  // A block may be one long string, during which nothing yields.
  yield null;
  let count = 0;
  for (const { key, value } of named) {
    for (const url of typeof value === 'string' ? [value] : addressesOf(value, byId)) {
      if (budget.urlsLeft <= 0) return false;
      budget.urlsLeft -= 1;
      yield { key, url };
      count += 1;
      if (count % URLS_PER_STEP === 0) yield null;
    }
  }
  return isWhole;
}

interface Reading {
  readonly named: readonly Named[];
  /** For each `@id` the first object that has a URL. */
  readonly byId: Map<string, Described>;
  readonly isWhole: boolean;
}

const NOTHING: Reading = { named: [], byId: new Map(), isWhole: true };

/**
 * The values of image keys in a document.
 * @param max number of images; reading stops after more images, or at more than `LEVELS_MAX` levels
 */
function* readNamed(text: string, max: number): Generator<null, Reading, undefined> {
  const reader = createJsonReader(text);
  const named: Named[] = [];
  const byId = new Map<string, Described>();
  const levels: Level[] = [];
  let level: Level | undefined;
  /** Name of the latest member of an object; null before the first. */
  let name: string | null = null;
  const referredTo = new Set<string>();
  let images = 0;
  let count = 0;

  const keyOfValue = (): string | null => {
    if (level === undefined || level.object === null) return level?.key ?? null;
    return name !== null && IMAGE_KEYS.has(name) ? name : null;
  };
  const openList = (): Level => {
    if (level === undefined) return PLAIN_LIST;
    if (level.object === null) return level.addresses === null ? level : { ...level, addresses: null };
    const key = keyOfValue();
    const addresses = name === 'url' || name === 'contentUrl' ? addressList(level.object, name) : null;
    return key === null && addresses === null ? PLAIN_LIST : { object: null, key, addresses };
  };
  const openObject = (): Level => {
    const key = keyOfValue();
    const object: Described = { isImage: key !== null, id: null, url: null, contentUrl: null };
    if (key !== null) named.push({ key, value: object });
    return { object, key: null, addresses: null };
  };
  const closeObject = (object: Described) => {
    const { id } = object;
    const isDescribed = hasAddress(object);
    if (id !== null && isDescribed && !byId.has(id)) byId.set(id, object);
    if (!object.isImage) return;
    const isReference = !isDescribed && id !== null && !referredTo.has(id);
    if (isReference) referredTo.add(id);
    if (isDescribed || isReference) images += 1;
    // The object names no image, or repeats a reference.
    else if (named.at(-1)?.value === object) named.pop();
  };
  const takeString = () => {
    const key = keyOfValue();
    if (key !== null) {
      named.push({ key, value: reader.text() });
      images += 1;
    } else if (level?.addresses) {
      // One more than `max` is enough for the budget to end the reading.
      if (level.addresses.length <= max) level.addresses.push(reader.text());
    } else if (level?.object && name === '@id') level.object.id = reader.text();
    else if (level?.object && (name === 'url' || name === 'contentUrl')) {
      addressList(level.object, name).push(reader.text());
    }
  };

  for (let event = reader.next(); event !== null; event = reader.next()) {
    count += 1;
    if (count % EVENTS_PER_STEP === 0) yield null;
    if (event === 'bad') return NOTHING;
    if (event === '{' || event === '[') {
      level = event === '[' ? openList() : openObject();
      levels.push(level);
    } else if (event === '}' || event === ']') {
      if (level?.object) closeObject(level.object);
      levels.pop();
      level = levels.at(-1);
    } else if (event === 'name') {
      name = reader.text();
    } else if (event === 'string') {
      takeString();
    }
    if (images > max || levels.length > LEVELS_MAX) return { named, byId, isWhole: false };
  }
  return { named, byId, isWhole: true };
}

function addressList(object: Described, name: 'url' | 'contentUrl'): string[] {
  object[name] ??= [];
  return object[name];
}

/** The object's URLs or, without any, those of the object that it refers to, which is then removed from `byId`. */
function addressesOf(image: Described, byId: Map<string, Described>): readonly string[] {
  const own = directAddresses(image);
  if (own.length > 0 || image.id === null) return own;
  const other = byId.get(image.id);
  byId.delete(image.id);
  return other === undefined ? [] : directAddresses(other);
}

function directAddresses({ url, contentUrl }: Described): readonly string[] {
  return [...(url ?? []), ...(contentUrl ?? [])];
}

function hasAddress({ url, contentUrl }: Described): boolean {
  return (url?.length ?? 0) + (contentUrl?.length ?? 0) > 0;
}
