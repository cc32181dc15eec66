/** Draws the plots of docs/performance.md from a report of the bench: `npm run bench:plots -- REPORT.json`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Axis, type Line, type Plot, svgOf } from './plot.ts';
import type { Point, Row } from './row.ts';

const FOLDER = resolve(import.meta.dirname, '../docs/plots');

const ticks = (...pairs: readonly (readonly [value: number, text: string])[]): Axis['ticks'] =>
  pairs.map(([value, text]) => ({ value, text }));

const SECONDS: Axis['ticks'] = ticks(
  [100, '0.1 s'],
  [200, '0.2 s'],
  [500, '0.5 s'],
  [1_000, '1 s'],
  [2_000, '2 s'],
  [5_000, '5 s'],
  [10_000, '10 s'],
);
const BYTES: Axis['ticks'] = ticks(
  [10_000, '10 kB'],
  [100_000, '100 kB'],
  [1_000_000, '1 MB'],
  [10_000_000, '10 MB'],
);
const MEGABYTES: Axis['ticks'] = ticks([50, '50 MB'], [100, '100 MB'], [200, '200 MB'], [400, '400 MB']);

/** The text of each, and its axes. */
const PLOTS: Readonly<Record<Point['plot'], Omit<Plot, 'lines'>>> = {
  images: {
    title: 'Time of a POST, from a site that answers after 100 ms',
    x: { label: 'images of 50 kB', ticks: ticks([20, '20'], [100, '100'], [1_000, '1,000']) },
    y: { label: 'time', ticks: SECONDS },
  },
  time: {
    title: 'Time of the first POST of a process, 50 images',
    x: { label: 'bytes of an image', ticks: BYTES },
    y: { label: 'time', ticks: SECONDS },
  },
  memory: {
    title: 'Most memory of a process, 50 images',
    x: { label: 'bytes of an image', ticks: BYTES },
    y: { label: 'memory', ticks: MEGABYTES },
  },
};

const [path] = process.argv.slice(2);
if (path === undefined)
  throw new Error('Name the JSON file that `npm run bench -- latency postLarge` wrote.');
const { rows } = JSON.parse(await readFile(path, 'utf8')) as { readonly rows: readonly Row[] };
await mkdir(FOLDER, { recursive: true });
for (const [name, plot] of Object.entries(PLOTS)) {
  const lines = linesOf(rows, name);
  if (lines.length > 0) await writeFile(join(FOLDER, `${name}.svg`), svgOf({ ...plot, lines }));
}

/** Each point is the least of its rounds: what else runs on a machine only adds to it. */
function linesOf(all: readonly Row[], plot: string): Line[] {
  const lines = new Map<string, { isReference: boolean; points: Map<number, number> }>();
  const add = (name: string, isReference: boolean, x: number, values: readonly number[]) => {
    const line = lines.get(name) ?? { isReference, points: new Map() };
    lines.set(name, line);
    line.points.set(x, Math.min(...values));
  };
  for (const { point, subject, reference } of all) {
    if (point?.plot !== plot) continue;
    add(point.line, false, point.x, subject);
    if (point.reference !== undefined) add(point.reference, true, point.x, reference);
  }
  return [...lines]
    .map(([name, { isReference, points }]) => ({ name, isReference, points: [...points] }))
    .toSorted((one, other) => Number(one.isReference) - Number(other.isReference));
}
