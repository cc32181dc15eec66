import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import type { StoredObject } from '../../../lib/domain/ports.ts';
import { batchesFrom, oldNamesByPage } from '../../../lib/sweep/sweepWalk.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const hexDigit = fc.constantFrom('0', '8', 'f');
const id = hexDigit.map((digit) => digit.repeat(32));
/** The order of their bytes is not that of JavaScript's strings. */
const fileName = fc.constantFrom('a.png', 'Z.png', '\u{1f5bc}.png', '\ufb01.png');
const name = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(id, id, fileName).map(([image, page, file]) => `images/${image}/${page}/op/${file}`),
  },
  { weight: 1, arbitrary: fileName.map((file) => `images/${file}`) },
);
const position = fc.record({
  after: fc.oneof(fc.constant(''), name),
  until: fc.oneof(fc.constant(''), name),
  pageId: fc.oneof(fc.constant(''), id),
});

function storeOf(names: readonly string[]) {
  const store = createMemoryStore();
  for (const one of names)
    store.objects.set(one, { bytes: Buffer.alloc(1), contentType: 'image/png', lastModified: new Date(0) });
  return store;
}

describe('the way of a sweep', () => {
  it('passes every object once, from wherever it begins and however short its batches are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 30 }),
        fc.option(position),
        fc.integer({ min: 0, max: 60 }),
        async (names, start, deadline) => {
          let elapsed = 0;
          const clock = { ...systemClock, elapsed: () => elapsed++ };
          const batches = await Array.fromAsync(batchesFrom(storeOf(names).images, start, clock, deadline));
          const passed = batches.flatMap(({ objects }) => objects.map((object) => object.name));
          expect(passed.toSorted()).toEqual(names.toSorted());
          for (const { after, until, objects } of batches) {
            for (const object of objects) {
              const bytes = Buffer.from(object.name);
              expect(Buffer.compare(bytes, Buffer.from(after))).toBe(1);
              expect(Buffer.compare(bytes, Buffer.from(until))).toBeLessThanOrEqual(0);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes up exactly what was left, when nothing has changed meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), id, async (names, pageId) => {
        const { images } = storeOf(names);
        const clock = { ...systemClock, elapsed: () => 0 };
        const [whole] = await Array.fromAsync(batchesFrom(images, null, clock, 1));
        const start = { after: '', until: whole?.until ?? '', pageId };
        const batches = await Array.fromAsync(batchesFrom(images, start, clock, 1));
        const later = (list: readonly StoredObject[]) =>
          list.filter(
            (object) => (object.name.split('/')[2] ?? '') > pageId && object.name.split('/').length === 5,
          );
        const expected = later(whole?.objects ?? []);
        if (expected.length > 0) expect(batches[0]?.objects).toEqual(expected);
      }),
    );
  });

  it('lists no longer than half of the time that is left', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `images/${String(n).padStart(3, '0')}`);
    let elapsed = 0;
    const clock = { ...systemClock, elapsed: () => elapsed++ };
    const batches = await Array.fromAsync(batchesFrom(storeOf(names).images, null, clock, 80));
    expect(batches[0]?.objects).toHaveLength(40);
  });

  it('has the pages of a batch in the order of their ids, each with its objects that are a day old', () => {
    const now = new Date();
    const object = (page: string, file: string, age: number): StoredObject => ({
      name: `images/${'0'.repeat(32)}/${page.repeat(32)}/op/${file}`,
      bytes: 1,
      lastModified: new Date(now.getTime() - age),
    });
    const objects = [
      object('f', 'a', DAY_MS),
      object('8', 'b', DAY_MS),
      object('f', 'c', DAY_MS - 1),
      object('f', 'd', DAY_MS + 1),
      object('0', 'e', 0),
      { ...object('0', 'x', DAY_MS), name: 'images/strange.png' },
    ];
    expect(oldNamesByPage({ after: '', until: '', objects }, now)).toEqual([
      ['8'.repeat(32), [objects[1]?.name]],
      ['f'.repeat(32), [objects[0]?.name, objects[3]?.name]],
    ]);
  });
});
