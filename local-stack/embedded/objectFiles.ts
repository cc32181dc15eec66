/** Keeps objects as files. A file has a line of facts and then the bytes, and is replaced atomically. */
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ObjectFacts {
  readonly key: string;
  /** The MD5 of the bytes in quotes, as on S3. */
  readonly etag: string;
  readonly size: number;
  /** ISO 8601. */
  readonly lastModified: string;
  readonly contentType: string;
  readonly contentDisposition?: string;
}

interface ObjectContent {
  readonly body: Buffer;
  readonly contentType: string;
  readonly contentDisposition?: string;
}

export interface ObjectFiles {
  find(key: string): ObjectFacts | undefined;
  read(key: string): Promise<{ readonly facts: ObjectFacts; readonly body: Buffer } | undefined>;
  /**
   * The facts of the written object; undefined when `mayReplace` returned false. `mayReplace` gets the object that is
   * there at the moment of the change, so of simultaneous writers with one condition exactly one wins.
   */
  write(
    key: string,
    content: ObjectContent,
    mayReplace: (current: ObjectFacts | undefined) => boolean,
  ): Promise<ObjectFacts | undefined>;
  remove(key: string): Promise<void>;
  /** At most `limit` objects after `after`, in the order of their UTF-8 bytes. */
  list(prefix: string, after: string, limit: number): readonly ObjectFacts[];
}

/** Longer than any line of facts: a key has at most 1,024 bytes, and the server bounds header fields. */
const FACTS_MAX_BYTES = 32 * 1024;

/**
 * The objects in a folder. Their facts are read once; the bytes stay on disk. Drafts of a killed process are removed.
 */
export function openObjectFiles(directory: string): ObjectFiles {
  const objects = join(directory, 'objects');
  const drafts = join(directory, 'drafts');
  rmSync(drafts, { recursive: true, force: true });
  for (const folder of [objects, drafts]) mkdirSync(folder, { recursive: true });

  const index = new Map<string, ObjectFacts>();
  /**
   * The keys in the order of a listing, kept until one is added or removed: listing a large bucket takes many calls.
   */
  let sorted: readonly string[] | undefined;
  for (const name of readdirSync(objects)) {
    const facts = readFacts(join(objects, name));
    if (facts !== undefined) index.set(facts.key, facts);
  }
  // A key may be any text of 1,024 bytes. Its hash is a valid file name on every file system.
  const pathOf = (key: string) => join(objects, createHash('sha256').update(key).digest('hex'));

  return {
    find: (key) => index.get(key),

    async read(key) {
      if (!index.has(key)) return undefined;
      const file = await readFile(pathOf(key)).catch(ignoreMissing);
      return file === undefined ? undefined : parseFile(file);
    },

    async write(key, { body, ...content }, mayReplace) {
      if (!mayReplace(index.get(key))) return undefined;
      const facts: ObjectFacts = {
        key,
        etag: `"${createHash('md5').update(body).digest('hex')}"`,
        size: body.length,
        lastModified: new Date().toISOString(),
        ...content,
      };
      const draft = join(drafts, randomUUID());
      try {
        await writeFile(draft, Buffer.concat([Buffer.from(`${JSON.stringify(facts)}\n`), body]));
      } catch (error) {
        // Otherwise drafts would keep a full disk full.
        await rm(draft, { force: true });
        throw error;
      }
      // Nothing is awaited from here on, so no other writer can act between the check and the change.
      if (!mayReplace(index.get(key))) {
        await rm(draft);
        return undefined;
      }
      renameSync(draft, pathOf(key));
      if (!index.has(key)) sorted = undefined;
      index.set(key, facts);
      return facts;
    },

    async remove(key) {
      if (!index.delete(key)) return;
      sorted = undefined;
      rmSync(pathOf(key), { force: true });
    },

    list(prefix, after, limit) {
      sorted ??= [...index.keys()].sort(compareBytes);
      const found: ObjectFacts[] = [];
      for (let at = firstFrom(sorted, prefix, after); found.length < limit; at += 1) {
        const facts = index.get(sorted[at] ?? '');
        if (facts === undefined || !facts.key.startsWith(prefix)) break;
        found.push(facts);
      }
      return found;
    },
  };
}

/** The index of the first key that is not before `prefix` and comes after `after`. */
function firstFrom(sorted: readonly string[], prefix: string, after: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = sorted[middle] ?? '';
    if (compareBytes(key, prefix) < 0 || (after !== '' && compareBytes(key, after) <= 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function readFacts(path: string): ObjectFacts | undefined {
  const head = Buffer.alloc(FACTS_MAX_BYTES);
  const file = openSync(path, 'r');
  try {
    const length = readSync(file, head, 0, head.length, 0);
    return parseFile(head.subarray(0, length))?.facts;
  } finally {
    closeSync(file);
  }
}

/** The facts and bytes in a file; undefined when this program did not write it. */
function parseFile(file: Buffer): { readonly facts: ObjectFacts; readonly body: Buffer } | undefined {
  const end = file.indexOf('\n');
  try {
    const facts = JSON.parse(file.toString('utf8', 0, end)) as ObjectFacts;
    return typeof facts.key === 'string' ? { facts, body: file.subarray(end + 1) } : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for an object that was removed after it was found in the index; rethrows any other error. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
