import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Plot, svgOf } from '../bench/plot.ts';
import { ROOT } from './support/startApp.ts';

const PLOT: Plot = {
  title: 'Time & <memory>',
  x: { label: 'images', ticks: [10, 100, 1_000].map((value) => ({ value, text: String(value) })) },
  y: { label: 'time', ticks: [1, 100].map((value) => ({ value, text: `${value} s` })) },
  lines: [
    {
      name: 'service',
      isReference: false,
      points: [
        [10, 1],
        [100, 10],
        [1_000, 100],
      ],
    },
    {
      name: 'ideal',
      isReference: true,
      points: [
        [10, 1],
        [1_000, 1],
      ],
    },
  ],
};

const pointsIn = (svg: string) =>
  [...svg.matchAll(/points="([^"]+)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => point.split(',').map(Number)),
  );

describe('a plot', () => {
  it('has its points where logarithmic axes have them', () => {
    const [service = [], ideal = []] = pointsIn(svgOf(PLOT));
    const [first = [], middle = [], last = []] = service;
    expect(middle[0]).toBeCloseTo(((first[0] ?? 0) + (last[0] ?? 0)) / 2, 0);
    expect(middle[1]).toBeCloseTo(((first[1] ?? 0) + (last[1] ?? 0)) / 2, 0);
    // Up is less.
    expect(last[1]).toBeLessThan(first[1] ?? 0);
    expect(ideal[0]).toEqual(first);
    expect(ideal[1]).toEqual([last[0], first[1]]);
  });

  it('names its lines, where there are several, and escapes text', () => {
    expect(svgOf(PLOT)).toContain('>service<');
    expect(svgOf(PLOT)).toContain('Time &amp; &lt;memory>');
    expect(svgOf({ ...PLOT, lines: PLOT.lines.slice(0, 1) })).not.toContain('>service<');
  });
});

const FOLDER = join(ROOT, 'docs/plots');

it.each(readdirSync(FOLDER))(
  'docs/plots/%s has finite points and colours of its own for the dark',
  (file) => {
    const svg = readFileSync(join(FOLDER, file), 'utf8');
    expect(svg).toContain('prefers-color-scheme: dark');
    const points = pointsIn(svg).flat(2);
    expect(points.length).toBeGreaterThan(0);
    expect(points.every((value) => value >= 0 && value <= 640)).toBe(true);
  },
);
