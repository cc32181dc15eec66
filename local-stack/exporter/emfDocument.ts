/**
 * Reads one document of CloudWatch's Embedded Metric Format
 * (docs.aws.amazon.com: CloudWatch_Embedded_Metric_Format_Specification).
 *
 * CloudWatch makes one metric of every dimension set that names a value. Prometheus adds series up, so here a value
 * is read once for the whole document, however many directives and sets name it, and carries the union of their
 * dimensions: each of CloudWatch's metrics is then a `sum by`, and the sum of all is the true total.
 */
import { isTooDeep } from './nesting.ts';
import type { LabelReason, LineReason, SampleReason } from './tally.ts';

/** Name and value, in the order of the document. */
export type Dimensions = readonly (readonly [name: string, value: string])[];

/** Observed values; with `counts`, how often each was, at least once. Never empty, equally long. */
export interface Values {
  readonly values: readonly number[];
  readonly counts?: readonly number[];
  /** Of a statistic set: its sum. The values are only where the observations are thought to lie. */
  readonly sum?: number;
}

/** What the exporter counts about itself: as often as a value is written, a statistic set once. */
export const samplesIn = ({ values, sum }: Values): number => (sum === undefined ? values.length : 1);

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

/** RFC 8259, section 8.1: a parser may ignore it. */
const BYTE_ORDER_MARK = 0xfeff;

type JsonObject = Readonly<Record<string, unknown>>;

/** One metric of the document, with every dimension name that any directive gives it. */
interface Claim {
  readonly namespace: string;
  readonly name: string;
  /** undefined until one is given. */
  unit: string | undefined;
  dimensionNames: readonly string[];
}

/**
 * The readings, or why the line is none. What is unusable inside a document is told to `drops`, once for each reason;
 * the rest counts.
 */
export function readDocument(text: string, drops: Drops): readonly Reading[] | LineReason {
  if (isTooDeep(text)) return 'too_deep';
  const root = parseJson(text);
  if (root === undefined) return 'json';
  const directives = directivesOf(root);
  if (directives === undefined) return 'not_emf';

  const sums = sumUp(drops);
  const readings = readingsOf(root as JsonObject, directives, sums);
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
    labelDropped: (reason) => drops.labelDropped(reason),
    tell() {
      for (const [reason, { count, example }] of sums) drops.samplesDropped(reason, count, example);
    },
  };
}

function readingsOf(document: JsonObject, directives: readonly unknown[], drops: Drops): readonly Reading[] {
  const readings: Reading[] = [];
  let names: readonly string[] | undefined;
  let dimensions: Dimensions = [];
  for (const claim of claimsOf(directives, drops)) {
    const values = readValues(ownMember(document, claim.name), claim, drops);
    if (values === undefined) continue;
    if (claim.dimensionNames.length > MAX_LABELS) {
      drops.samplesDropped('labels_too_many', samplesIn(values), claim.name);
      continue;
    }
    // Metrics of one directive share the list, so that their labels are worked out once.
    if (claim.dimensionNames !== names) {
      names = claim.dimensionNames;
      dimensions = readDimensions(document, names, drops);
    }
    const { namespace, name, unit = 'None' } = claim;
    readings.push({ namespace, name, unit, dimensions, values });
  }
  return readings;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
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
  const listed = isObject(value) ? ownMember(value, 'Values') : undefined;
  if (isObject(value) && Array.isArray(listed)) {
    return readCounted(listed, ownMember(value, 'Counts'), name, drops);
  }
  const set = isObject(value) ? readStatistics(value) : undefined;
  if (set === undefined)
    drops.samplesDropped(value === undefined ? 'value_missing' : 'value_invalid', 1, name);
  return set === NO_OBSERVATION ? undefined : set;
}

/** `{Values, Counts}`: not in the specification, but CloudWatch takes it and OpenTelemetry's collector writes it. */
function readCounted(
  listed: readonly unknown[],
  given: unknown,
  name: string,
  drops: Drops,
): Values | undefined {
  const isPaired = given === undefined || (Array.isArray(given) && given.length === listed.length);
  if (!isPaired) {
    drops.samplesDropped('value_invalid', Math.max(listed.length, 1), name);
    return undefined;
  }
  const [values, counts]: [number[], number[]] = [[], []];
  let invalid = 0;
  for (const [index, value] of listed.entries()) {
    const count: unknown = Array.isArray(given) ? given[index] : 1;
    if (!isUsable(value) || !isCount(count)) invalid += 1;
    else if (count > 0) {
      values.push(value);
      counts.push(count);
    }
  }
  if (invalid > 0) drops.samplesDropped('value_invalid', invalid, name);
  return values.length === 0 ? undefined : { values, counts };
}

const NO_OBSERVATION = { values: [] } as const;

/**
 * `{Sum, Count, Min, Max}`, written by the same. One observation is at the least, one at the greatest, the others are
 * at the mean of what is left of the sum, between the two. Edges that are missing or the wrong way round say nothing:
 * then all are at the mean.
 */
function readStatistics(value: JsonObject): Values | undefined {
  const [sum, count] = [ownMember(value, 'Sum'), ownMember(value, 'Count')];
  if (!isUsable(sum) || !isCount(count)) return undefined;
  if (count === 0) return NO_OBSERVATION;
  const [min, max] = [ownMember(value, 'Min'), ownMember(value, 'Max')];
  if (count === 1 || !isUsable(min) || !isUsable(max) || min > max) {
    return { values: [sum / count], counts: [count], sum };
  }
  if (count === 2) return { values: [min, max], counts: [1, 1], sum };
  const rest = Math.min(Math.max((sum - min - max) / (count - 2), min), max);
  return { values: [min, rest, max], counts: [1, count - 2, 1], sum };
}
