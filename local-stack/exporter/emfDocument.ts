/**
 * Reads one document of CloudWatch's Embedded Metric Format
 * (docs.aws.amazon.com: CloudWatch_Embedded_Metric_Format_Specification).
 *
 * CloudWatch makes one metric of every dimension set that names a value. Prometheus adds series up, so here a value
 * is read once for the whole document, however many directives and sets name it, and carries the union of their
 * dimensions: each of CloudWatch's metrics is then a `sum by`, and the sum of all is the true total.
 */
import type { LabelReason, LineReason, SampleReason } from './tally.ts';

/** Name and value, in the order of the document. */
export type Dimensions = readonly (readonly [name: string, value: string])[];

/** Observed values; with `counts`, how often each was. Never empty, equally long. */
export interface Values {
  readonly values: readonly number[];
  readonly counts?: readonly number[];
}

export interface Reading {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Dimensions;
  readonly values: Values;
}

export interface Drops {
  samplesDropped(reason: SampleReason, count: number, example?: string): void;
  labelDropped(reason: LabelReason): void;
}

/** The limit of CloudWatch for one dimension set; here for their union. */
const MAX_LABELS = 30;
/** What PutMetricData takes. Sums of 2^664 such values are still finite. */
const MAX_MAGNITUDE = 2 ** 360;

type JsonObject = Readonly<Record<string, unknown>>;

/** One metric of the document, with every dimension name that any directive gives it. */
interface Claim {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  dimensionNames: readonly string[];
}

/** The readings, or why the line is none. What is unusable inside a document is told to `drops`; the rest counts. */
export function readDocument(text: string, drops: Drops): readonly Reading[] | LineReason {
  const root = parseJson(text);
  if (root === undefined) return 'json';
  const directives = directivesOf(root);
  if (directives === undefined) return 'not_emf';

  const document = root as JsonObject;
  const readings: Reading[] = [];
  let names: readonly string[] | undefined;
  let dimensions: Dimensions = [];
  for (const claim of claimsOf(directives, drops)) {
    const values = readValues(ownMember(document, claim.name), claim, drops);
    if (values === undefined) continue;
    if (claim.dimensionNames.length > MAX_LABELS) {
      drops.samplesDropped('labels_too_many', values.values.length, claim.name);
      continue;
    }
    // Metrics of one directive share the list, so that their labels are worked out once.
    if (claim.dimensionNames !== names) {
      names = claim.dimensionNames;
      dimensions = readDimensions(document, names, drops);
    }
    const { namespace, name, unit } = claim;
    readings.push({ namespace, name, unit, dimensions, values });
  }
  return readings;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Never what every object inherits: a metric may be called `constructor`. */
const ownMember = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

function directivesOf(root: unknown): readonly unknown[] | undefined {
  const metadata = isObject(root) ? ownMember(root, '_aws') : undefined;
  const directives = isObject(metadata) ? ownMember(metadata, 'CloudWatchMetrics') : undefined;
  return Array.isArray(directives) ? directives : undefined;
}

/** Each metric once, by namespace and name; the unit is the first that is given. */
function claimsOf(directives: readonly unknown[], drops: Drops): readonly Claim[] {
  const claims: Claim[] = [];
  const byNamespace = new Map<string, Map<string, Claim>>();
  for (const directive of directives) {
    const namespace = isObject(directive) ? ownMember(directive, 'Namespace') : undefined;
    if (!isObject(directive) || typeof namespace !== 'string') {
      drops.samplesDropped('directive_invalid', 1);
      continue;
    }
    const byName = byNamespace.get(namespace) ?? new Map<string, Claim>();
    byNamespace.set(namespace, byName);
    const dimensionNames = unionOfSets(ownMember(directive, 'Dimensions'));
    const definitions = ownMember(directive, 'Metrics');
    for (const definition of Array.isArray(definitions) ? definitions : []) {
      const name = isObject(definition) ? ownMember(definition, 'Name') : undefined;
      if (!isObject(definition) || typeof name !== 'string') {
        drops.samplesDropped('directive_invalid', 1);
        continue;
      }
      const known = byName.get(name);
      if (known === undefined) {
        const unit = ownMember(definition, 'Unit');
        const claim = { namespace, name, unit: typeof unit === 'string' ? unit : 'None', dimensionNames };
        byName.set(name, claim);
        claims.push(claim);
      } else if (known.dimensionNames !== dimensionNames) {
        known.dimensionNames = union([known.dimensionNames, dimensionNames]);
      }
    }
  }
  return claims;
}

function unionOfSets(sets: unknown): readonly string[] {
  if (!Array.isArray(sets)) return [];
  return union(sets.filter((set) => Array.isArray(set)));
}

/** Stops at one more than is allowed, which says enough. */
function union(lists: readonly (readonly unknown[])[]): readonly string[] {
  const names = new Set<string>();
  for (const list of lists) {
    for (const name of list) {
      if (typeof name === 'string') names.add(name);
      if (names.size > MAX_LABELS) return [...names];
    }
  }
  return [...names];
}

/** An empty value is left out: to Prometheus it is the same as no label. */
function readDimensions(document: JsonObject, names: readonly string[], drops: Drops): Dimensions {
  const dimensions: [string, string][] = [];
  for (const name of names) {
    const value = ownMember(document, name);
    if (typeof value === 'string') {
      if (value !== '') dimensions.push([name, value]);
    } else if (typeof value === 'number' || typeof value === 'boolean') {
      dimensions.push([name, String(value)]);
    } else {
      drops.labelDropped('missing');
    }
  }
  return dimensions;
}

const isUsable = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= MAX_MAGNITUDE;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function readValues(value: unknown, { name }: Claim, drops: Drops): Values | undefined {
  if (isUsable(value)) return { values: [value] };
  if (Array.isArray(value)) {
    const values = value.filter(isUsable);
    if (values.length < value.length) {
      drops.samplesDropped('value_invalid', value.length - values.length, name);
    }
    return values.length === 0 ? undefined : { values };
  }
  const weighted = isObject(value) ? readDistribution(value) : undefined;
  if (weighted === undefined) {
    drops.samplesDropped(value === undefined ? 'value_missing' : 'value_invalid', 1, name);
    return undefined;
  }
  return weighted.values.length === 0 ? undefined : weighted;
}

/**
 * The two forms that are not in the specification but that CloudWatch takes and OpenTelemetry's collector writes:
 * `{Values, Counts}`, and the statistic set `{Sum, Count, Min, Max}`.
 */
function readDistribution(value: JsonObject): Values | undefined {
  const listed = ownMember(value, 'Values');
  return Array.isArray(listed) ? readCounted(listed, ownMember(value, 'Counts')) : readStatistics(value);
}

function readCounted(values: readonly unknown[], given: unknown): Values | undefined {
  const counts = given === undefined ? values.map(() => 1) : given;
  if (!Array.isArray(counts) || counts.length !== values.length) return undefined;
  return values.every(isUsable) && counts.every(isCount) ? { values, counts } : undefined;
}

/** Sum and count are exact; in between, one value is the least, one the greatest, the others are their mean. */
function readStatistics(value: JsonObject): Values | undefined {
  const [sum, count] = [ownMember(value, 'Sum'), ownMember(value, 'Count')];
  if (!isUsable(sum) || !isCount(count)) return undefined;
  if (count === 0) return { values: [] };
  const [min, max] = [ownMember(value, 'Min'), ownMember(value, 'Max')];
  const mean = sum / count;
  if (count <= 2 || !isUsable(min) || !isUsable(max)) return { values: [mean], counts: [count] };
  const rest = (sum - min - max) / (count - 2);
  return rest >= min && rest <= max
    ? { values: [min, rest, max], counts: [1, count - 2, 1] }
    : { values: [mean], counts: [count] };
}
