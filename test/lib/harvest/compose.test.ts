import { describe, expect, it } from '@jest/globals';
import { createYielder } from '../../../lib/concurrency/yielder.ts';
import type { Discovery, PageRecord, Place, Reason, Source, StoredItem } from '../../../lib/domain/model.ts';
import { IMAGE_CODES } from '../../../lib/domain/problem.ts';
import { choose } from '../../../lib/harvest/choose.ts';
import { type Composition, changesBetween, composeRecord } from '../../../lib/harvest/compose.ts';
import type { Gathered } from '../../../lib/harvest/gather.ts';
import { traceSources } from '../../../lib/harvest/provenance.ts';
import { RECORD_MAX_BYTES, readRecord, writeRecord } from '../../../lib/record/recordText.ts';
import { candidateOf, discoveryOf, itemOf, recordOf, sourceOf } from '../../support/builders.ts';

const NOW = '2026-02-02T00:00:00.000Z';
const PAGE = 'https://site.test/';
const A = 'https://site.test/a.png';
const B = 'https://site.test/b.png';

const got = (item: StoredItem): Gathered => ({ kind: 'item', item, candidate: candidateOf(item.url) });
const lost = (url: string, code: Reason['code'], places?: readonly Place[]): Gathered => ({
  kind: 'discarded',
  candidate: candidateOf(url, places && { places }),
  reason: { code, detail: `because of ${code}` },
});

interface Parts extends Partial<Omit<Composition, 'discovery' | 'trace'>> {
  readonly discovery?: Discovery;
}

const compose = (
  gathered: readonly Gathered[],
  { discovery = discoveryOf(), before = null, ...parts }: Parts = {},
) =>
  composeRecord({
    opId: 'second',
    predecessors: before ? [before.opId, ...before.predecessors] : [],
    url: 'https://site.test/',
    finalUrl: 'https://site.test/',
    variants: 'all',
    now: NOW,
    discovery,
    gathered,
    trace: traceSources(before, discovery),
    before,
    imagesMaxCount: 1_000,
    ...parts,
  });

describe('a first record', () => {
  it('lists items and skipped lines in page order and counts both', () => {
    const { record, isWorthKeeping } = compose([
      got(itemOf(A)),
      lost('https://x.test/1', 'IMAGE_STATUS'),
      got(itemOf(B)),
    ]);
    expect(record.items.map((item) => item.url)).toEqual([A, B]);
    expect(record.skipped).toEqual([
      {
        url: 'https://x.test/1',
        code: 'IMAGE_STATUS',
        detail: 'because of IMAGE_STATUS',
        foundIn: [{ element: 'img', attribute: 'src', slot: 0 }],
      },
    ]);
    expect(record.counts).toEqual({ discovered: 3, items: 2, skipped: 1, byCode: { IMAGE_STATUS: 1 } });
    expect(record).toMatchObject({ createdAt: NOW, updatedAt: NOW, complete: true, predecessors: [] });
    expect(isWorthKeeping).toBe(true);
  });

  it('names the first item with the same bytes', () => {
    const { record } = compose([got(itemOf(A, { sha256: 'same' })), got(itemOf(B, { sha256: 'same' }))]);
    expect(record.items.map((item) => item.duplicateOf)).toEqual([undefined, itemOf(A).name]);
  });

  it.each(IMAGE_CODES.map((code) => [code, code !== 'OUT_OF_TIME'] as const))(
    'that skipped an image for %s is complete: %s',
    (code, complete) => {
      expect(compose([lost(A, code)]).record.complete).toBe(complete);
    },
  );

  it('is not complete when time ran out for a stylesheet', () => {
    const warnings = [{ url: 'https://site.test/a.css', code: 'OUT_OF_TIME' as const, detail: 'late' }];
    expect(compose([], { discovery: discoveryOf({ warnings }) }).record.complete).toBe(false);
  });

  it('never lists credentials', () => {
    const { record } = compose([lost('https://user:secret@site.test/a.png', 'ADDRESS_FORBIDDEN')]);
    expect(JSON.stringify(record)).not.toMatch(/user|secret/);
  });

  it.each([2_000, 2_001])('of %i skipped lines lists 2,000 and counts all', (count) => {
    const { record } = compose(
      Array.from({ length: count }, (_, i) => lost(`https://x.test/${i}`, 'IMAGE_STATUS')),
    );
    expect(record.skipped).toHaveLength(2_000);
    expect(record.counts).toEqual({
      discovered: count,
      items: 0,
      skipped: count,
      byCode: { IMAGE_STATUS: count },
    });
  });
});

describe('an update', () => {
  const before = recordOf([itemOf(A), itemOf(B)], {
    predecessors: ['zeroth'],
    provenance: { sources: [{ id: 'page', names: [0, 1], links: [] }], others: [], unplaced: [] },
  });
  const still = (...items: readonly StoredItem[]) =>
    items.map((item) => got({ ...item, outcome: 'unchanged' }));

  it('that changes nothing keeps updatedAt and is not worth a commit', () => {
    const composed = compose(still(itemOf(A), itemOf(B)), { before });
    expect(composed.record).toMatchObject({
      updatedAt: before.updatedAt,
      opId: 'second',
      predecessors: ['first', 'zeroth'],
    });
    expect(composed.record.items.map((item) => item.outcome)).toEqual(['unchanged', 'unchanged']);
    expect(composed.isWorthKeeping).toBe(false);
  });

  it('compares with a record that went through JSON', () => {
    const read = JSON.parse(JSON.stringify(before)) as PageRecord;
    expect(compose(still(itemOf(A), itemOf(B)), { before: read }).isWorthKeeping).toBe(false);
  });

  it('of a record without provenance is worth a commit that no reader sees', () => {
    const { provenance: _, ...old } = before;
    const composed = compose(still(itemOf(A), itemOf(B)), { before: old });
    expect(composed.isWorthKeeping).toBe(true);
    expect(composed.toKeep).toEqual({ ...before, opId: 'second', predecessors: ['first', 'zeroth'] });
  });

  it('that only learns newer validators keeps them, and readers see the same record', () => {
    const validators = { url: A, etag: '"2"' };
    const { toKeep, isWorthKeeping } = compose(still(itemOf(A, { validators }), itemOf(B)), { before });
    expect(isWorthKeeping).toBe(true);
    expect(toKeep.updatedAt).toBe(before.updatedAt);
    expect(toKeep.items.map((item) => item.outcome)).toEqual(['stored', 'stored']);
    expect(toKeep.items[0]?.validators).toEqual(validators);
  });

  it.each<[string, Gathered[], Parts]>([
    ['an image more', [...still(itemOf(A), itemOf(B)), got(itemOf('https://site.test/c.png'))], {}],
    ['an image less', still(itemOf(A)), {}],
    ['another order', still(itemOf(B), itemOf(A)), {}],
    ['another skipped line', [...still(itemOf(A), itemOf(B)), lost('https://x.test/', 'IMAGE_STATUS')], {}],
    ['another final URL', still(itemOf(A), itemOf(B)), { finalUrl: 'https://site.test/new' }],
    ['other variants', still(itemOf(A), itemOf(B)), { variants: 'best' }],
    [
      'another place',
      still(itemOf(A), itemOf(B, { foundIn: [{ element: 'img', attribute: 'src', slot: 7 }] })),
      {},
    ],
  ])('with %s moves updatedAt and keeps createdAt', (_, gathered, parts) => {
    const { record, isWorthKeeping } = compose(gathered, { before, ...parts });
    expect(record).toMatchObject({ createdAt: before.createdAt, updatedAt: NOW });
    expect(isWorthKeeping).toBe(true);
  });

  it.each(IMAGE_CODES.map((code) => [code, code === 'PLACEHOLDER' || code === 'NOT_CHOSEN'] as const))(
    'on %s drops the old copy: %s',
    (code, isDropped) => {
      const { record } = compose([lost(A, code), ...still(itemOf(B))], { before });
      expect(record.items.map((item) => item.url)).toEqual(isDropped ? [B] : [A, B]);
      if (isDropped) return;
      expect(record.items[0]).toMatchObject({ outcome: 'kept', name: itemOf(A).name, reason: { code } });
      expect(record.complete).toBe(code !== 'OUT_OF_TIME');
      expect(record.counts).toMatchObject({ discovered: 2, items: 2, skipped: 0 });
    },
  );

  describe('with `best`', () => {
    const at = (...slots: readonly number[]) =>
      slots.map((slot): Place => ({ element: 'img', attribute: 'srcset', slot }));
    const C = 'https://site.test/c.png';
    const got1 = (url: string, places: readonly Place[]): Gathered => ({
      kind: 'item',
      item: itemOf(url),
      candidate: candidateOf(url, { places }),
    });
    const kept = (...gathered: readonly Gathered[]) =>
      compose(gathered, { before, variants: 'best' }).record.items.map(({ url, outcome, reason }) => [
        url,
        outcome,
        reason?.code,
      ]);

    it('keeps what was passed over while what was chosen fails and has no copy', () => {
      const passedOver = lost(A, 'NOT_CHOSEN', at(4));
      const isKept = [A, 'kept', 'IMAGE_STATUS'];
      expect(kept(passedOver, lost(C, 'IMAGE_STATUS', at(4)))).toEqual([isKept]);
      expect(kept(lost(C, 'IMAGE_STATUS', at(4, 5)), lost(A, 'NOT_CHOSEN', at(5)))).toEqual([isKept]);
      expect(kept(lost(A, 'NOT_CHOSEN', at(3, 4)), got1(B, at(3)), lost(C, 'IMAGE_STATUS', at(4)))).toEqual([
        isKept,
        [B, 'stored', undefined],
      ]);
      expect(kept(passedOver, got1(C, at(4)))).toEqual([[C, 'stored', undefined]]);
      expect(kept(passedOver, lost(C, 'PLACEHOLDER', at(4)))).toEqual([]);
      expect(kept(passedOver, lost(C, 'IMAGE_STATUS', at(5)))).toEqual([]);
      expect(kept(passedOver, lost(B, 'IMAGE_STATUS', at(4)))).toEqual([[B, 'kept', 'IMAGE_STATUS']]);
      expect(kept(passedOver, got1(B, at(4)), lost(C, 'IMAGE_STATUS', at(4)))).toEqual([
        [B, 'stored', undefined],
      ]);
    });

    it('keeps no more of them than the limit has room for', () => {
      const { record } = compose(
        [
          lost(A, 'NOT_CHOSEN', at(1)),
          lost(C, 'IMAGE_STATUS', at(1)),
          got1('https://site.test/d.png', at(2)),
        ],
        { before, variants: 'best', imagesMaxCount: 1 },
      );
      expect(record.items.map(({ url }) => url)).toEqual(['https://site.test/d.png']);
    });
  });

  it('that keeps a copy for the same reason as before changes nothing', () => {
    const failed = compose([lost(A, 'IMAGE_STATUS'), ...still(itemOf(B))], { before });
    const again = compose([lost(A, 'IMAGE_STATUS'), ...still(itemOf(B))], { before: failed.toKeep });
    expect(failed.isWorthKeeping).toBe(true);
    expect(again.isWorthKeeping).toBe(false);
  });

  it('forgets the reason once the image is there again', () => {
    const failed = compose([lost(A, 'IMAGE_STATUS'), ...still(itemOf(B))], { before });
    const mended = compose(still(itemOf(A), itemOf(B)), { before: failed.toKeep });
    expect(mended.record.items[0]).not.toHaveProperty('reason');
    expect(mended.isWorthKeeping).toBe(true);
  });

  describe('of a record that lists places alone', () => {
    const [sheet, other] = ['https://site.test/a.css', 'https://site.test/b.css'];
    const inSheet = itemOf('https://site.test/bg.png', {
      foundIn: [{ element: 'link', attribute: 'background-image', slot: 1, stylesheet: sheet }],
    });
    const present = recordOf([itemOf(A), inSheet], { imports: [] });
    const late = { code: 'PAGE_TIMEOUT' as const, detail: 'It was late.' };
    const gone = { code: 'PAGE_UNREACHABLE' as const, detail: 'It answered with status 500.' };
    const urlsAfter = (...stylesheets: readonly Source[]) =>
      compose(still(itemOf(A)), {
        before: present,
        discovery: discoveryOf({}, ...stylesheets),
      }).record.items.map(({ url }) => url);

    it('keeps the copies that were found in a stylesheet which cannot be read now', () => {
      const discovery = discoveryOf({}, sourceOf(sheet, { shortfall: gone }));
      const { record } = compose(still(itemOf(A)), { before: present, discovery });
      expect(record.items).toMatchObject([
        { url: A },
        { url: inSheet.url, outcome: 'kept', reason: { code: 'IMAGE_UNREACHABLE' } },
      ]);
      expect(record.counts).toMatchObject({ discovered: 2, items: 2 });
    });

    it('keeps what was found below a stylesheet that cannot be read now, with that one’s reason', () => {
      const before = recordOf([itemOf(A), inSheet], { imports: [[sheet, other]] });
      const discovery = discoveryOf(
        {},
        sourceOf('https://site.test/c.css', { shortfall: gone }),
        sourceOf(other, { shortfall: late }),
      );
      const { record } = compose(still(itemOf(A)), { before, discovery });
      expect(record.items[1]).toMatchObject({ outcome: 'kept', reason: { code: 'IMAGE_TIMEOUT' } });
      expect(record.items[1]?.reason?.detail).toContain('late');
    });

    it('keeps what a stylesheet named that the page no longer links, while one fails that may be its new address', () => {
      expect(urlsAfter(sourceOf(other, { shortfall: gone }))).toEqual([A, inSheet.url]);
      expect(urlsAfter(sourceOf(other))).toEqual([A]);
    });

    it('drops what a stylesheet that was read no longer names, though another one failed', () => {
      expect(urlsAfter(sourceOf(other, { shortfall: gone }), sourceOf(sheet))).toEqual([A]);
    });
  });

  it('keeps copies beyond the limit only while there is room for them', () => {
    const news = Array.from({ length: 2 }, (_, i) => got(itemOf(`https://site.test/new${i}.png`)));
    const { record } = compose([...news, lost(A, 'LIMIT_REACHED'), lost(B, 'LIMIT_REACHED')], {
      before,
      imagesMaxCount: 3,
    });
    expect(record.items.map((item) => item.url).slice(2)).toEqual([A]);
    expect(record.skipped).toMatchObject([{ url: B, code: 'LIMIT_REACHED' }]);
    expect(record.counts).toMatchObject({ discovered: 4, items: 3, skipped: 1 });
  });

  it('keeps at most a hundred predecessors', () => {
    const predecessors = Array.from({ length: 100 }, (_, index) => `op${index}`);
    const { record } = compose([], { before: recordOf([], { predecessors }) });
    expect(record.predecessors).toHaveLength(100);
    expect(record.predecessors[0]).toBe('first');
  });
});

describe('a record that a page makes as large as it can', () => {
  /** A page that is never read whole, and at each call links other stylesheets that name other images. */
  const hostile = async (call: number, before: PageRecord | null) => {
    const long = '\u0001'.repeat(3_000);
    const urls = Array.from({ length: 1_000 }, (_, i) => `https://x.test/${call}/${i}/`.padEnd(1_000, 'y'));
    const places = Array.from({ length: 20 }, (_, slot): Place => {
      return {
        element: long,
        attribute: 'src',
        slot,
        alt: long,
        descriptor: long,
        stylesheet: `https://x.test/${long}`,
      };
    });
    const sources = Array.from({ length: 51 }, (_, index) => index);
    const candidateAt = (url: string) => candidateOf(url, { places, sources });
    const wanted = urls.map(candidateAt);
    const refused = Array.from({ length: 3_000 }, (_, i) =>
      candidateAt(`https://x.test/${call}/refused/${i}`),
    );
    const sheets = Array.from({ length: 50 }, (_, i) =>
      sourceOf(`https://x.test/${call}/${i}.css`.padEnd(8_000, 's')),
    );
    const discovery = discoveryOf({ candidates: [...wanted, ...refused] }, ...sheets);
    const [page, ...others] = discovery.sources;
    const shortfall = { code: 'LIMIT_REACHED' as const, detail: long };
    const cut = { ...discovery, sources: [{ ...sourceOf(PAGE), ...page, shortfall }, ...others] };
    const trace = traceSources(before, cut);
    const options = { variants: 'all', imagesMaxCount: 1_000, standing: trace.standing } as const;
    const choices = await choose(cut.candidates, options, createYielder());
    const gathered = choices.map(({ candidate, reason }): Gathered => {
      const { url } = candidate;
      if (reason !== undefined || url.includes('refused')) {
        return { kind: 'discarded', candidate, reason: reason ?? { code: 'IMAGE_STATUS', detail: 'gone' } };
      }
      const validators = {
        url: url.padEnd(8_192, 'v'),
        etag: 'e'.repeat(512),
        lastModified: 'l'.repeat(512),
      };
      return {
        kind: 'item',
        candidate,
        item: itemOf(url, { foundIn: places, name: 'n'.repeat(220), validators }),
      };
    });
    return compose(gathered, { before, discovery: cut }).toKeep;
  };

  it('stays under what a record may have, however often it is brought up to date', async () => {
    let before: PageRecord | null = null;
    const sizes: number[] = [];
    for (let call = 0; call < 7; call += 1) {
      const after: PageRecord = await hostile(call, before);
      const urls = new Set(after.items.map(({ url }) => url));
      expect(before?.items.filter(({ url }) => !urls.has(url)) ?? []).toEqual([]);
      sizes.push(Buffer.byteLength(writeRecord(after)));
      before = readRecord(writeRecord(after)) as PageRecord;
    }
    expect(before?.items).toHaveLength(1_048);
    const sources = before?.provenance?.sources ?? [];
    expect(sources.length).toBeLessThanOrEqual(1_000);
    expect(sources.filter(({ names }) => names.length > 0).length).toBeLessThanOrEqual(250);
    expect(Math.max(...sizes)).toBeLessThan(RECORD_MAX_BYTES);
    // A predecessor and fifty stylesheets more.
    expect(sizes.at(-1)).toBeLessThan((sizes.at(-2) ?? 0) + 8_000);
  });
});

describe('the changes of an update', () => {
  it('are lists of names, the old ones for what was removed', () => {
    const before = recordOf([itemOf(A), itemOf(B)]);
    const after = recordOf([
      itemOf(A, { name: 'new a', outcome: 'changed' }),
      itemOf('https://site.test/c.png', { name: 'c' }),
      itemOf('https://site.test/d.png', { name: 'd', outcome: 'kept' }),
    ]);
    expect(changesBetween(before, after)).toEqual({
      added: ['c'],
      changed: ['new a'],
      unchanged: [],
      removed: [itemOf(B).name],
      kept: ['d'],
    });
  });
});
