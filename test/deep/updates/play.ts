/** A run: a POST and some PUTs of a random site through the real story, each judged by the oracle. */

import { shortHash } from '../../../lib/domain/identity.ts';
import type { PageRecord, VersionedRecord } from '../../../lib/domain/model.ts';
import { createRandom } from '../../support/random.ts';
import { createWorld } from '../../support/world.ts';
import { createOracle } from './oracle.ts';
import { firstSite, nextSite, resourcesOf, type Site, type SiteParts } from './randomSite.ts';

/** Changes what an update reads of the record: a planted fault. */
export type Mutant = (record: PageRecord, site: Site) => PageRecord;

export interface Played {
  /** Sentences; none is as it must be. */
  readonly faults: readonly string[];
  /** Copies that stayed for a source that was not read whole, and such that were removed. */
  readonly kept: number;
  readonly removed: number;
  /** What happened, to be counted: a kind that never happens was not tried. */
  readonly happened: ReadonlySet<string>;
}

export type Kind = 'usual' | 'manySheets' | 'large';

export function kindOf(seed: number): Kind {
  if (seed % 200 === 7) return 'large';
  return seed % 10 === 1 ? 'manySheets' : 'usual';
}

export async function play(seed: number, mutant?: Mutant): Promise<Played> {
  const random = createRandom(seed);
  const kind = kindOf(seed);
  const parts: SiteParts = {
    imagesCount: kind === 'large' ? 1_000 : 2 + random.below(12),
    sheetsCount: kind === 'manySheets' ? 45 + random.below(30) : random.below(kind === 'large' ? 1 : 6) + 1,
    placesOfImage: kind === 'large' ? 20 : 1,
  };
  let site = firstSite(random, parts);
  const world = createWorld({
    storeIntercept: async (call, apply) => {
      const result = await apply();
      return call.method === 'read' && mutant !== undefined ? mutated(result, mutant, site) : result;
    },
  });
  const oracle = createOracle();
  const faults: string[] = [];
  const happened = new Set<string>();
  let kept = 0;
  let removed = 0;
  let before: readonly string[] = [];

  const calls = kind === 'large' ? 3 : 3 + random.below(4);
  for (let call = 0; call < calls; call += 1) {
    if (call > 0) site = nextSite(random, site, parts, oracle.ends());
    for (const [url, resource] of Object.entries(resourcesOf(site, parts.imagesCount)))
      world.web.set(url, resource);
    const from = world.web.asked.length;
    const { record } = call === 0 ? await world.post() : await world.put();
    const { mayBeUsed, unread } = oracle.judge(site, world.web.asked.slice(from));
    const after = new Set(record.items.map(({ url }) => url));
    const where = `seed ${seed} (${kind}), call ${call}`;
    for (const url of before) {
      if (mayBeUsed.has(url) && !after.has(url)) faults.push(`${where}: ${url} is lost`);
      if (!mayBeUsed.has(url) && after.has(url)) faults.push(`${where}: ${url} stays for nothing`);
      if (!mayBeUsed.has(url) && !after.has(url)) removed += 1;
    }
    for (const name of world.missing()) faults.push(`${where}: the copy ${name} is missing`);
    if (record.counts.discovered !== record.counts.items + record.counts.skipped)
      faults.push(`${where}: counts`);
    const unseen = record.items.filter(({ reason }) =>
      /^(?:Its stylesheet|The page) was not read/.test(reason?.detail ?? ''),
    );
    kept += unseen.length;
    if (unseen.length > 0 && record.warnings.length === 0) faults.push(`${where}: kept without a warning`);
    if (unseen.length > 0) {
      for (const name of unread) happened.add(whatHappened(site, name));
    }
    before = [...after];
  }
  return { faults, kept, removed, happened };
}

/** `T` is what `RecordStore.read` gives. */
function mutated<T>(found: T, mutant: Mutant, site: Site): T {
  const version = found as VersionedRecord | null;
  if (version?.record.kind !== 'page') return found;
  return { ...version, record: mutant(version.record, site) } as T;
}

function whatHappened({ sheets, cutAfter }: Site, name: 'page' | number): string {
  if (name === 'page') return cutAfter !== null ? 'the page was cut' : 'JSON-LD was too long';
  const { state, url } = sheets[name] ?? { state: 'failed', url: '' };
  if (state !== 'whole') return `a stylesheet was ${state}${url.length > 2_048 ? ' at a long URL' : ''}`;
  return 'a stylesheet was not asked for, or not read to its end';
}

/** What the record says of a source, taken out of it: as if it had never been found in it. */
function without(record: PageRecord, isForgotten: (id: string) => boolean): PageRecord {
  const { provenance } = record;
  if (provenance === undefined) return record;
  const sources = provenance.sources.map((source) =>
    isForgotten(source.id) ? { ...source, names: [] } : source,
  );
  return { ...record, provenance: { ...provenance, sources } };
}

const idsOf = (site: Site, isMeant: (url: string, index: number) => boolean): ReadonlySet<string> =>
  new Set(site.sheets.filter(({ url }, index) => isMeant(url, index)).map(({ url }) => shortHash(url)));

export const MUTANTS = {
  /** Sources at URLs longer than what is shown are not known again. */
  longUrlForgotten: (record, site) => {
    const ids = idsOf(site, (url) => url.length > 2_048);
    return without(record, (id) => ids.has(id));
  },
  /** A record that is large has lost the places of its images. */
  largeRecordTrimmed: (record) =>
    record.items.length < 900 ? record : without(record, (id) => id !== 'page'),
  /** Stylesheets beyond the fiftieth are not said to be unread. */
  leftOutUnsaid: (record, site) => {
    const linked = site.elements.flatMap((element) => (element.kind === 'link' ? [element.sheet] : []));
    const beyond = new Set([...new Set(linked)].slice(50));
    const ids = idsOf(site, (_, index) => beyond.has(index));
    return without(record, (id) => ids.has(id));
  },
  /** A budget that ran out is said of the page alone, and nothing is looked up by that. */
  budgetUnsaid: (record, { elements }) => {
    const isTooLong = elements.some((element) => element.kind === 'jsonLd' && element.isTooLong);
    return without(record, (id) => isTooLong && id === 'page');
  },
  /** Whatever fails, everything stays. */
  keepEverything: (record) => {
    if (record.provenance === undefined) return record;
    const provenance = { ...record.provenance, unplaced: record.items.map((_, index) => index) };
    return { ...record, provenance };
  },
} as const satisfies Readonly<Record<string, Mutant>>;
