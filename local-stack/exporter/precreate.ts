/** Series that are shown at 0 from the start, read from a file that looks like EMF's own directives. */
import { readFile } from 'node:fs/promises';
import { KNOWN_UNITS } from './names.ts';
import type { SeriesKey, SeriesStore } from './seriesStore.ts';

interface Directive {
  readonly Namespace: string;
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
  /** Every combination of one value of each. */
  readonly Dimensions: Readonly<Record<string, readonly string[]>>;
}

/** Rejects with one sentence that names the file and what is wrong in it. */
export async function precreate(path: string, store: SeriesStore): Promise<void> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`The file ${path} of --precreate cannot be read.`, { cause });
  });
  for (const { Namespace, Metrics, Dimensions } of parseDirectives(path, text)) {
    for (const { Name, Unit } of Metrics) {
      for (const dimensions of combinations(Object.entries(Dimensions))) {
        const key: SeriesKey = { namespace: Namespace, name: Name, unit: Unit, dimensions };
        const reason = store.create(key);
        if (reason === undefined) continue;
        const why =
          reason === 'gauge' ? 'it is a gauge, and nobody knows that its value is 0' : `reason ${reason}`;
        throw new Error(`The series of ${Namespace}/${Name} in ${path} cannot be created: ${why}.`);
      }
    }
  }
}

/** One at a time: a file with too many is refused at the limit, not after all of them were made. */
function* combinations(
  dimensions: readonly (readonly [string, readonly string[]])[],
): Generator<readonly (readonly [string, string])[]> {
  const [first, ...others] = dimensions;
  if (first === undefined) {
    yield [];
    return;
  }
  const [name, values] = first;
  for (const value of values) for (const rest of combinations(others)) yield [[name, value], ...rest];
}

function parseDirectives(path: string, text: string): readonly Directive[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`The file ${path} of --precreate is not JSON.`);
  }
  if (Array.isArray(json) && json.every(isDirective)) return json;
  throw new Error(
    `The file ${path} of --precreate must be a list of ` +
      '{"Namespace": text, "Metrics": [{"Name": text, "Unit": a CloudWatch unit}], "Dimensions": {name: [texts]}}.',
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function isDirective(value: unknown): value is Directive {
  return (
    isObject(value) &&
    isText(value.Namespace) &&
    Array.isArray(value.Metrics) &&
    value.Metrics.every(
      (metric) => isObject(metric) && isText(metric.Name) && KNOWN_UNITS.includes(String(metric.Unit)),
    ) &&
    isObject(value.Dimensions) &&
    Object.values(value.Dimensions).every((texts) => Array.isArray(texts) && texts.every(isText))
  );
}
