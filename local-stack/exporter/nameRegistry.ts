/**
 * Which metric has which Prometheus name. Until a scrape shows a metric, its name depends on the known metrics and not on
 * their order. `Duration`, whose name has no unit, has precedence over `DurationMs`, whose name is shortened. Of several
 * shortened names none gets the short one. A name that was shown stays, since a renamed series is another series.
 */
import { lineNames, type Metric } from './metric.ts';
import type { MetricType, SeriesName } from './names.ts';

export interface NameRegistry {
  /** The name for a new metric; undefined where others have it. It may move metrics that no scrape has shown. */
  choose(wanted: SeriesName, type: MetricType): string | undefined;
  /** Registers a metric by its name. */
  add(metric: Metric, wanted: SeriesName): void;
  /** The metric that was shown by this name, although it is a shortened one. */
  keeperOf(name: string): Metric | undefined;
  /** Keeps every name from now on. */
  freeze(): void;
}

/** @param reserved names of the exporter's own metrics */
export function createNameRegistry(reserved: ReadonlySet<string>): NameRegistry {
  const owners = new Map<string, Metric>();
  /** By their shortened name: metrics that can still be moved to the spare one. */
  const movable = new Map<string, { readonly metric: Metric; readonly spare: string }>();
  const kept = new Set<string>();
  /** Shortened names that several metrics wanted. */
  const contested = new Set<string>();

  const register = (metric: Metric) => {
    for (const line of lineNames(metric.name, metric.type)) owners.set(line, metric);
  };
  const isFree = (name: string, type: MetricType) =>
    !lineNames(name, type).some((line) => reserved.has(line) || owners.has(line));

  /** Whether the metric is now at its spare name. Spare names are longer, so that this ends. */
  const move = ({ name, type }: Metric): boolean => {
    const found = movable.get(name);
    if (found === undefined || !makeFree(found.spare, type)) return false;
    for (const line of lineNames(name, type)) owners.delete(line);
    movable.delete(name);
    found.metric.name = found.spare;
    register(found.metric);
    return true;
  };
  const makeFree = (name: string, type: MetricType): boolean =>
    lineNames(name, type).every((line) => {
      const owner = owners.get(line);
      return !reserved.has(line) && (owner === undefined || move(owner));
    });

  return {
    choose({ name, isShortened, spare }, type) {
      if (!isShortened) {
        if (makeFree(name, type)) return name;
        if (!kept.has(name)) return undefined;
      } else {
        const rival = movable.get(name);
        if (rival !== undefined && move(rival.metric)) contested.add(name);
        if (!contested.has(name) && isFree(name, type)) return name;
      }
      return spare !== undefined && makeFree(spare, type) ? spare : undefined;
    },
    add(metric, { name, isShortened, spare }) {
      register(metric);
      if (isShortened && metric.name === name && spare !== undefined) movable.set(name, { metric, spare });
    },
    keeperOf: (name) => (kept.has(name) ? owners.get(name) : undefined),
    freeze() {
      for (const name of movable.keys()) kept.add(name);
      movable.clear();
    },
  };
}
