/**
 * Of one block. Reading JSON cannot rest in between: a block of this length takes a tenth of a second at worst, and
 * real ones have a hundredth of it.
 */
export const JSON_LD_MAX_CHARS = 1024 * 1024;

/** An image that JSON-LD names. */
export interface JsonLdImage {
  readonly key: string;
  readonly url: string;
}

const IMAGE_KEYS: ReadonlySet<string> = new Set(['image', 'thumbnailUrl', 'logo']);
const ADDRESS_KEYS = ['url', 'contentUrl'] as const;
const VALUES_PER_STEP = 512;

interface Waiting {
  readonly value: unknown;
  /** Set within the value of an image key. */
  readonly key: string | null;
}

/**
 * Reads `image`, `thumbnailUrl` and `logo` anywhere in a JSON-LD document, in its order: as a string, a list, an
 * object's `url` or `contentUrl`, or a reference by `@id` to such an object. What is not JSON names nothing. A `null`
 * between them is a good place for a rest.
 */
export function* readJsonLd(text: string): Generator<JsonLdImage | null, void, undefined> {
  const document = parse(text);
  yield null;
  let byId: ReadonlyMap<string, object> | null = null;
  for (const step of walk(document)) {
    if (step === null) {
      yield null;
      continue;
    }
    const { value, key } = step;
    if (key === null) continue;
    if (typeof value === 'string') {
      yield { key, url: value };
    } else if (isObject(value)) {
      byId ??= yield* indexById(document);
      for (const url of addressesOf(value, byId)) yield { key, url };
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Visits every value in document order, however deep. Lists pass on the key they stand under. */
function* walk(document: unknown): Generator<Waiting | null, void, undefined> {
  const waiting: Waiting[] = [{ value: document, key: null }];
  let count = 0;
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    const { value, key } = current;
    yield current;
    count += 1;
    if (count % VALUES_PER_STEP === 0) yield null;
    if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index -= 1) waiting.push({ value: value[index], key });
    } else if (isObject(value)) {
      const entries = Object.entries(value);
      for (const [name, child] of entries.reverse()) {
        waiting.push({ value: child, key: IMAGE_KEYS.has(name) ? name : null });
      }
    }
  }
}

function* indexById(document: unknown): Generator<null, ReadonlyMap<string, object>, undefined> {
  const byId = new Map<string, object>();
  for (const step of walk(document)) {
    if (step === null) yield null;
    if (step === null || !isObject(step.value)) continue;
    const id = step.value['@id'];
    const isFirst = typeof id === 'string' && directAddresses(step.value).length > 0 && !byId.has(id);
    if (isFirst) byId.set(id, step.value);
  }
  return byId;
}

function addressesOf(image: Readonly<Record<string, unknown>>, byId: ReadonlyMap<string, object>): string[] {
  const own = directAddresses(image);
  const id = image['@id'];
  if (own.length > 0 || typeof id !== 'string') return own;
  const other = byId.get(id);
  return other === undefined || !isObject(other) ? [] : directAddresses(other);
}

function directAddresses(image: Readonly<Record<string, unknown>>): string[] {
  return ADDRESS_KEYS.flatMap((key) => image[key]).filter((url) => typeof url === 'string');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
