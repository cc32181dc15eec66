/** What every `ImageStore` promises. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { ImageStore, StoredObject } from '../../lib/domain/ports.ts';

export const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

export interface ImageStoreParts {
  readonly hasHttp: () => boolean;
  /** Puts an image past what is tested, where that is dear. */
  readonly seed: (name: string) => Promise<void>;
}

/** Defines the suite. Every test has a separate image id. */
export function testImageStore(store: () => ImageStore, { hasHttp, seed }: ImageStoreParts): void {
  const newPrefix = () => `images/${randomBytes(16).toString('hex')}/`;
  const nameIn = (prefix: string, fileName: string) => `${prefix}${'b'.repeat(32)}/op1/${fileName}`;
  const put = (name: string, bytes = PNG, contentType = 'image/png') =>
    store().put(name, bytes, contentType, new AbortController().signal);
  const objectsIn = async (prefix: string) => {
    const objects: StoredObject[] = [];
    for await (const object of store().list(prefix)) objects.push(object);
    return objects;
  };
  const listed = async (prefix: string) => (await objectsIn(prefix)).map(({ name }) => name);

  it('lists nothing where nothing is', async () => {
    expect(await listed(newPrefix())).toEqual([]);
  });

  it('lists what was put, with its size and about the time', async () => {
    const prefix = newPrefix();
    const before = Date.now();
    await put(nameIn(prefix, 'a.png'));
    const [object] = await objectsIn(prefix);
    expect(object).toMatchObject({ name: nameIn(prefix, 'a.png'), bytes: PNG.length });
    // S3 gives whole seconds.
    expect(object?.lastModified.getTime()).toBeGreaterThanOrEqual(before - 2_000);
    expect(object?.lastModified.getTime()).toBeLessThanOrEqual(Date.now() + 2_000);
  });

  it('lists only what has the prefix', async () => {
    const prefix = newPrefix();
    await put(nameIn(prefix, 'a.png'));
    await put(nameIn(newPrefix(), 'a.png'));
    expect(await listed(prefix)).toEqual([nameIn(prefix, 'a.png')]);
  });

  it('lists more than 1,000 objects, each once, in order, from the first or from a name on', async () => {
    const prefix = newPrefix();
    const names = Array.from({ length: 1_105 }, (_, n) => nameIn(prefix, `${n % 2 ? 'a' : 'B'}${n}.png`));
    const inOrder = [...names].sort();
    // Some by the way that is tested.
    await inBatches(names.slice(0, 50), (name) => put(name));
    await inBatches(names.slice(50), seed);
    expect(await listed(prefix)).toEqual(inOrder);
    const after = await Array.fromAsync(store().list(prefix, inOrder[49]));
    expect(after.map(({ name }) => name)).toEqual(inOrder.slice(50));
    await store().remove(names);
    expect(await listed(prefix)).toEqual([]);
  });

  it('lists what follows a name, whether or not there is an object of that name', async () => {
    const prefix = newPrefix();
    const page = (digit: string) => `${prefix}${digit.repeat(32)}`;
    const names = ['1', '2', '3'].flatMap((digit) =>
      ['a.png', 'b.png', '\u{1f5bc}.png', '\ufb01.png'].map((file) => `${page(digit)}/op1/${file}`),
    );
    await Promise.all(names.map((name) => put(name)));
    const inOrder = names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const after = async (start: string) =>
      (await Array.fromAsync(store().list(prefix, start))).map(({ name }) => name);
    for (const [index, name] of inOrder.entries())
      expect(await after(name)).toEqual(inOrder.slice(index + 1));
    // Behind all objects of a page, which is how the look-up of an image goes on.
    for (const digit of ['1', '2', '3']) {
      expect(await after(`${page(digit)}0`)).toEqual(inOrder.filter((name) => name > `${page(digit)}0`));
    }
    expect(await after('')).toEqual(inOrder);
    expect(await after('images/')).toEqual(inOrder);
    expect(await after(`${prefix}~`)).toEqual([]);
    await store().remove(names);
  });

  it('removes what it is told and leaves the rest', async () => {
    const prefix = newPrefix();
    await put(nameIn(prefix, 'a.png'));
    await put(nameIn(prefix, 'b.png'));
    await store().remove([nameIn(prefix, 'a.png'), nameIn(prefix, 'was never there.png')]);
    expect(await listed(prefix)).toEqual([nameIn(prefix, 'b.png')]);
  });

  it('has nothing to do for no names', async () => {
    await store().remove([]);
  });

  const fileNames = [
    'a b.png',
    'a+b%20c.png',
    "quotes'&<>;=@$,!~*().png",
    'ä-\u{1f5bc}-é.png',
    `${'x'.repeat(251)}.png`,
    '.png',
    'a..b.png',
  ];
  it.each(fileNames)('keeps an object called %s', async (fileName) => {
    const prefix = newPrefix();
    const name = nameIn(prefix, fileName);
    await put(name);
    expect(await listed(prefix)).toEqual([name]);
    await store().remove([name]);
    expect(await listed(prefix)).toEqual([]);
  });

  it('rejects with the reason of an aborted signal, and stores nothing', async () => {
    const prefix = newPrefix();
    const end = new AbortController();
    const reason = new Error('time is over');
    end.abort(reason);
    await expect(store().put(nameIn(prefix, 'a.png'), PNG, 'image/png', end.signal)).rejects.toBe(reason);
    expect(await listed(prefix)).toEqual([]);
  });

  const types = [
    ['image/png', null],
    ['image/svg+xml', 'attachment'],
  ] as const;
  it.each(types)('gives a link that serves %s as it is kept', async (contentType, disposition) => {
    const name = nameIn(newPrefix(), 'a b+ä.bin');
    await put(name, PNG, contentType);
    const link = await store().link(name);
    expect(link).toMatch(/^https?:/);
    if (!hasHttp()) return;
    const response = await fetch(link);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(response.headers.get('content-disposition')).toBe(disposition);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(PNG);
  });

  it('keeps 20 MiB byte for byte', async () => {
    const name = nameIn(newPrefix(), 'large.png');
    const bytes = Buffer.alloc(20 * 1024 * 1024, randomBytes(1_000));
    await put(name, bytes);
    if (!hasHttp()) return;
    const body = await (await fetch(await store().link(name))).arrayBuffer();
    expect(hashOf(Buffer.from(body))).toBe(hashOf(bytes));
  });
}

async function inBatches(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < names.length; start += 50) {
    await Promise.all(names.slice(start, start + 50).map(act));
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
