/** What every `PageCache` promises. */
import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { CachedPage, PageCache } from '../../lib/domain/ports.ts';
import { itemOf, recordOf } from '../support/builders.ts';
import { until } from '../support/until.ts';

/** Longer than any test takes. */
const MARKER_MS = 3_600_000;

const pageId = () => randomBytes(16).toString('hex');

/** Holds for a cache that is not there too. */
export function testAnyPageCache(cache: () => PageCache): void {
  it('misses what nobody put there', async () => {
    expect(await cache().read(pageId())).toEqual({ kind: 'miss' });
  });

  it('has no record after a writer settled without one', async () => {
    const id = pageId();
    await cache().fill(id, recordOf([]));
    await cache().markBusy(id, 'mine', MARKER_MS);
    await cache().settle(id, 'mine', null);
    expect(await cache().read(id)).toEqual({ kind: 'miss' });
  });

  it('has no record while a writer is at work', async () => {
    const id = pageId();
    await cache().fill(id, recordOf([]));
    await cache().markBusy(id, 'mine', MARKER_MS);
    await cache().fill(id, recordOf([]));
    expect((await cache().read(id)).kind).not.toBe('record');
  });
}

const FIVE_MIB = 5 * 1024 * 1024;
/** Its text has exactly so many bytes. */
function recordOfBytes(bytes: number) {
  const bare = Buffer.byteLength(JSON.stringify(recordOf([], { predecessors: [''] })));
  return recordOf([], { predecessors: ['x'.repeat(bytes - bare)] });
}

const old = recordOf([itemOf('https://site.test/ä\u{1f5bc}.png')], { opId: 'old' });
const current = recordOf([], { opId: 'current' });

/** Holds for a cache that keeps a record for longer than the tests take. */
export function testPageCache(cache: () => PageCache): void {
  it('gives back what it was filled with', async () => {
    const id = pageId();
    await cache().fill(id, old);
    expect(await cache().read(id)).toEqual({ kind: 'record', record: old });
  });

  it('keeps a record of 5 MiB, filled or settled', async () => {
    const [filled, settledOne] = [pageId(), pageId()];
    const record = recordOfBytes(FIVE_MIB);
    await cache().fill(filled, record);
    await cache().markBusy(settledOne, 'mine', MARKER_MS);
    await cache().settle(settledOne, 'mine', record);
    for (const id of [filled, settledOne]) expect(await cache().read(id)).toEqual({ kind: 'record', record });
  });

  it.each([FIVE_MIB + 1, 24 * 1024 * 1024])('keeps no record of %i bytes', async (bytes) => {
    const [empty, filled, own, theirs] = [pageId(), pageId(), pageId(), pageId()];
    const large = recordOfBytes(bytes);
    await cache().fill(empty, large);
    await cache().fill(filled, old);
    await cache().settle(filled, 'mine', large);
    await cache().markBusy(own, 'mine', MARKER_MS);
    await cache().settle(own, 'mine', large);
    await cache().markBusy(theirs, 'theirs', MARKER_MS);
    await cache().settle(theirs, 'mine', large);
    const kinds = await Promise.all(
      [empty, filled, own, theirs].map(async (id) => (await cache().read(id)).kind),
    );
    expect(kinds).toEqual(['miss', 'miss', 'miss', 'busy']);
    // What a look-up read before the write must not come in behind it.
    await cache().fill(own, old);
    expect(await cache().read(own)).toEqual({ kind: 'miss' });
    // The next writer's record may be smaller.
    await cache().markBusy(own, 'next', MARKER_MS);
    await cache().settle(own, 'next', current);
    expect(await cache().read(own)).toEqual({ kind: 'record', record: current });
  });

  it('never replaces an entry when it is filled', async () => {
    const id = pageId();
    await cache().fill(id, old);
    await cache().fill(id, current);
    expect(await cache().read(id)).toEqual({ kind: 'record', record: old });
  });

  it('says busy while a writer is at work, whatever was there before', async () => {
    const [empty, filled] = [pageId(), pageId()];
    await cache().fill(filled, old);
    for (const id of [empty, filled]) {
      await cache().markBusy(id, 'mine', MARKER_MS);
      expect(await cache().read(id)).toEqual({ kind: 'busy' });
    }
  });

  it('gives each page its own entry', async () => {
    const [one, other] = [pageId(), pageId()];
    await cache().markBusy(one, 'mine', MARKER_MS);
    await cache().fill(other, old);
    expect(await cache().read(one)).toEqual({ kind: 'busy' });
    expect(await cache().read(other)).toEqual({ kind: 'record', record: old });
  });

  type State = 'own marker' | "another's marker" | 'a record' | 'nothing';
  const busy: CachedPage = { kind: 'busy' };
  const miss: CachedPage = { kind: 'miss' };
  const settled: readonly (readonly [State, string, CachedPage])[] = [
    ['own marker', 'the record', { kind: 'record', record: current }],
    ['own marker', 'no record', miss],
    ["another's marker", 'the record', busy],
    ["another's marker", 'no record', busy],
    ['a record', 'the record', miss],
    ['a record', 'no record', miss],
    ['nothing', 'the record', miss],
    ['nothing', 'no record', miss],
  ];
  it.each(settled)('settles %s with %s', async (state, given, expected) => {
    const id = pageId();
    if (state === 'own marker') await cache().markBusy(id, 'mine', MARKER_MS);
    if (state === "another's marker") await cache().markBusy(id, 'theirs', MARKER_MS);
    if (state === 'a record') await cache().fill(id, old);
    await cache().settle(id, 'mine', given === 'the record' ? current : null);
    expect(await cache().read(id)).toEqual(expected);
  });

  it('does not take a token for another that it begins', async () => {
    const id = pageId();
    await cache().markBusy(id, 'mine and more', MARKER_MS);
    await cache().settle(id, 'mine', current);
    expect(await cache().read(id)).toEqual({ kind: 'busy' });
  });

  it('forgets a marker after its time', async () => {
    const id = pageId();
    await cache().markBusy(id, 'mine', 20.5);
    await until(async () => (await cache().read(id)).kind === 'miss');
  });
}

/** Holds for a cache that keeps a record for a second. */
export function testForgettingPageCache(cache: () => PageCache): void {
  it('forgets a record after its time, filled or settled', async () => {
    const [filled, settledOne] = [pageId(), pageId()];
    await cache().fill(filled, old);
    await cache().markBusy(settledOne, 'mine', MARKER_MS);
    await cache().settle(settledOne, 'mine', current);
    for (const id of [filled, settledOne]) {
      await until(async () => (await cache().read(id)).kind === 'miss');
    }
  });
}
