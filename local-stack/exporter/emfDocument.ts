/**
 * Reads one document of CloudWatch's Embedded Metric Format
 * (docs.aws.amazon.com: CloudWatch_Embedded_Metric_Format_Specification).
 *
 * CloudWatch makes one metric of every dimension set that names a value. Prometheus adds series up. So here a value is
 * read once a document, however many directives and sets name it, with the union of their dimensions as labels. Each of
 * CloudWatch's metrics is then a `sum by`, and the sum of all is the true total.
 */
import { isObject, type JsonObject, ownMember } from './jsonObject.ts';
import type { SampleReason, Tally } from './tally.ts';
import { readValues, type ValueDrops, type Values } from './values.ts';

/** Name and value, in the order of the document. */
export type Dimensions = readonly (readonly [name: string, value: string])[];

export interface EmfMetric {
  readonly namespace: string;
  readonly name: string;
}

/** As the patterns of kinds and the log have it. */
export const pathOf = ({ namespace, name }: EmfMetric) => `${namespace}/${name}`;

export interface Reading extends EmfMetric {
  readonly unit: string;
  readonly dimensions: Dimensions;
  readonly values: Values;
}

export type Drops = ValueDrops & Pick<Tally, 'labelDropped'>;

/** The limit of CloudWatch for one dimension set; here for their union. */
const MAX_LABELS = 30;

/** One metric of the document, with every dimension name that any directive gives it. */
interface Claim {
  readonly namespace: string;
  readonly name: string;
  /** undefined until one is given. */
  unit: string | undefined;
  dimensionNames: readonly string[];
}

/** The readings. What is unusable in the document is told to `drops`, once for each reason; the rest counts. */
export function readDocument(
  document: JsonObject,
  directives: readonly unknown[],
  drops: Drops,
): readonly Reading[] {
  const sums = sumUp(drops);
  const readings = readingsOf(document, directives, sums);
  sums.tell();
  return readings;
}

/** A megabyte holds half a million malformed directives: to tell of each took 0.2 s, to read them 0.03. */
function sumUp(drops: Drops): Drops & { tell(): void } {
  const sums = new Map<SampleReason, { count: number; readonly example: string | undefined }>();
  return {
    samplesDropped(reason, count, example) {
      const sum = sums.get(reason);
      if (sum === undefined) sums.set(reason, { count, example });
      else sum.count += count;
    },
    labelDropped: (...label) => drops.labelDropped(...label),
    tell() {
      for (const [reason, { count, example }] of sums) drops.samplesDropped(reason, count, example);
    },
  };
}

function readingsOf(document: JsonObject, directives: readonly unknown[], drops: Drops): readonly Reading[] {
  const readings: Reading[] = [];
  const claims = claimsOf(directives, drops);
  let names: readonly string[] | undefined;
  let dimensions: Dimensions = [];
  /** Most documents have texts alone as dimensions, and do without. */
  let metrics: ReadonlySet<string> | undefined;
  const isMetric = (name: string) => {
    metrics ??= new Set(claims.map((claim) => claim.name));
    return metrics.has(name);
  };
  for (const claim of claims) {
    const values = readValues(ownMember(document, claim.name), claim.name, drops);
    if (values === undefined) continue;
    // Metrics of one directive share the list, so that their labels are worked out once.
    if (claim.dimensionNames !== names) {
      names = claim.dimensionNames;
      dimensions = readDimensions(document, claim, isMetric, drops);
    }
    const { namespace, name, unit = 'None' } = claim;
    readings.push({ namespace, name, unit, dimensions, values });
  }
  return readings;
}

/** Each metric once, by namespace and name; the unit is the first that is given. */
function claimsOf(directives: readonly unknown[], drops: Drops): readonly Claim[] {
  const claims: Claim[] = [];
  const byNamespace = new Map<string, Map<string, Claim>>();
  const unite = createUniter();
  for (const given of directives) {
    const directive = readDirective(given);
    if (typeof directive === 'string') {
      drops.samplesDropped('directive_invalid', 1, directive);
      continue;
    }
    const { namespace, dimensionNames, definitions } = directive;
    const byName = byNamespace.get(namespace) ?? new Map<string, Claim>();
    byNamespace.set(namespace, byName);
    for (const definition of definitions) {
      const name = isObject(definition) ? ownMember(definition, 'Name') : undefined;
      const unit = isObject(definition) ? (ownMember(definition, 'Unit') ?? undefined) : undefined;
      if (typeof name !== 'string' || (unit !== undefined && typeof unit !== 'string')) {
        drops.samplesDropped('directive_invalid', 1, `a metric of ${namespace}`);
        continue;
      }
      const known = byName.get(name);
      if (known === undefined) {
        const claim = { namespace, name, unit, dimensionNames };
        byName.set(name, claim);
        claims.push(claim);
      } else {
        known.unit ??= unit;
        known.dimensionNames = unite(known.dimensionNames, dimensionNames);
      }
    }
  }
  return claims;
}

interface Directive {
  readonly namespace: string;
  readonly dimensionNames: readonly string[];
  readonly definitions: readonly unknown[];
}

/** Or what is malformed in it: then nothing of it counts, since a value without its labels means something else. */
function readDirective(given: unknown): Directive | string {
  const namespace = isObject(given) ? ownMember(given, 'Namespace') : undefined;
  if (!isObject(given) || typeof namespace !== 'string') return 'a directive';
  const sets = ownMember(given, 'Dimensions') ?? [];
  if (!isListOfSets(sets)) return `Dimensions of ${namespace}`;
  const definitions = ownMember(given, 'Metrics');
  if (!Array.isArray(definitions)) return `Metrics of ${namespace}`;
  return { namespace, dimensionNames: union(sets), definitions };
}

/** Metrics that two directives share get one list, so that their labels are worked out once: tenfold for thousands. */
function createUniter() {
  let last: { a: readonly string[]; b: readonly string[]; both: readonly string[] } | undefined;
  return (a: readonly string[], b: readonly string[]): readonly string[] => {
    if (a === b) return a;
    if (last?.a !== a || last.b !== b) last = { a, b, both: union([a, b]) };
    return last.both;
  };
}

const isListOfSets = (value: unknown): value is readonly (readonly string[])[] =>
  Array.isArray(value) &&
  value.every((set) => Array.isArray(set) && set.every((name) => typeof name === 'string'));

/** Stops at one more than is allowed, which says enough. */
function union(lists: readonly (readonly string[])[]): readonly string[] {
  const names = new Set<string>();
  for (const list of lists) {
    for (const name of list) {
      names.add(name);
      if (names.size > MAX_LABELS) return [...names];
    }
  }
  return [...names];
}

/** An empty value is left out: to Prometheus it is the same as no label. A number that is measured is no label. */
function readDimensions(
  document: JsonObject,
  claim: Claim,
  isMetric: (name: string) => boolean,
  drops: Drops,
): Dimensions {
  const dimensions: [string, string][] = [];
  const { dimensionNames } = claim;
  const surplus = dimensionNames[MAX_LABELS];
  if (surplus !== undefined) drops.labelDropped('too_many', surplus, pathOf(claim));
  for (const name of surplus === undefined ? dimensionNames : dimensionNames.slice(0, MAX_LABELS)) {
    const value = ownMember(document, name);
    if (typeof value === 'string') {
      if (value !== '') dimensions.push([name, value]);
      continue;
    }
    if (isMetric(name)) drops.labelDropped('metric', name, pathOf(claim));
    else if (typeof value === 'number' || typeof value === 'boolean') {
      dimensions.push([name, String(value)]);
    } else drops.labelDropped('missing', name, pathOf(claim));
  }
  return dimensions;
}
