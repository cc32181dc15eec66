/** An image that JSON-LD names. */
export interface JsonLdImage {
  readonly key: string;
  readonly url: string;
}

const IMAGE_KEYS: ReadonlySet<string> = new Set(['image', 'thumbnailUrl', 'logo']);
const ADDRESS_KEYS = ['url', 'contentUrl'] as const;

interface Waiting {
  readonly value: unknown;
  /** Set within the value of an image key. */
  readonly key: string | null;
}

/**
 * Reads `image`, `thumbnailUrl` and `logo` anywhere in a JSON-LD document, in its order: as a string, a list, an
 * object's `url` or `contentUrl`, or a reference by `@id` to such an object. What is not JSON names nothing.
 */
export function readJsonLd(text: string): JsonLdImage[] {
  const document = parse(text);
  const images: JsonLdImage[] = [];
  let byId: ReadonlyMap<string, object> | null = null;
  walk(document, (value, key) => {
    if (key === null) return;
    if (typeof value === 'string') {
      images.push({ key, url: value });
    } else if (isObject(value)) {
      byId ??= indexById(document);
      for (const url of addressesOf(value, byId)) images.push({ key, url });
    }
  });
  return images;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Visits every value in document order, however deep. Lists pass on the key they stand under. */
function walk(document: unknown, visit: (value: unknown, key: string | null) => void): void {
  const waiting: Waiting[] = [{ value: document, key: null }];
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    const { value, key } = current;
    visit(value, key);
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

function indexById(document: unknown): ReadonlyMap<string, object> {
  const byId = new Map<string, object>();
  walk(document, (value) => {
    if (!isObject(value)) return;
    const id = value['@id'];
    if (typeof id === 'string' && directAddresses(value).length > 0 && !byId.has(id)) byId.set(id, value);
  });
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
