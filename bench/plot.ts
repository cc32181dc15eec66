/** A line chart as SVG, readable on light and dark pages. Both axes are logarithmic. */

export interface Axis {
  readonly label: string;
  /** In ascending order; the first and the last are the axis's ends. */
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn dashed and grey: what is compared with. */
  readonly isReference: boolean;
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const WIDTH = 640;
const HEIGHT = 360;
const AREA = { left: 88, right: WIDTH - 24, top: 72, bottom: HEIGHT - 52 };
/** Blue and orange are told apart by all kinds of sight. */
const COLOURS = 2;

const STYLE = `
  svg { color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --grid: #d1d9e0; --grey: #59636e; --c0: #0969da; --c1: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --grid: #3d444d; --grey: #9198a1; --c0: #58a6ff; --c1: #f0883e; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: var(--grid); }
  .line { fill: none; stroke-width: 2.5; }`;

export function svgOf({ title, x, y, lines }: Plot): string {
  const across = scaleOf(x, AREA.left, AREA.right);
  const up = scaleOf(y, AREA.bottom, AREA.top);
  const solid = lines.filter(({ isReference }) => !isReference);
  const colourOf = (line: Line) =>
    line.isReference ? 'var(--grey)' : `var(--c${solid.indexOf(line) % COLOURS})`;
  const parts = [
    `<text class="title" x="${AREA.left}" y="26">${escaped(title)}</text>`,
    ...x.ticks.flatMap(({ value, text }) => [
      `<line class="grid" x1="${across(value)}" y1="${AREA.top}" x2="${across(value)}" y2="${AREA.bottom}"/>`,
      `<text x="${across(value)}" y="${AREA.bottom + 20}" text-anchor="middle">${escaped(text)}</text>`,
    ]),
    ...y.ticks.flatMap(({ value, text }) => [
      `<line class="grid" x1="${AREA.left}" y1="${up(value)}" x2="${AREA.right}" y2="${up(value)}"/>`,
      `<text x="${AREA.left - 8}" y="${up(value) + 4.5}" text-anchor="end">${escaped(text)}</text>`,
    ]),
    `<text x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text x="16" y="${(AREA.top + AREA.bottom) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(AREA.top + AREA.bottom) / 2})">${escaped(y.label)}</text>`,
    ...legendOf(lines, colourOf),
    ...lines.flatMap((line) => drawn(line, colourOf(line), across, up)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--paper)"/>
${parts.join('\n')}
</svg>
`;
}

/** From a value to a coordinate. */
function scaleOf({ ticks }: Axis, start: number, end: number): (value: number) => number {
  const [low, high] = [Math.log(ticks[0]?.value ?? 1), Math.log(ticks.at(-1)?.value ?? 10)];
  return (value) => Math.round((start + ((Math.log(value) - low) / (high - low)) * (end - start)) * 10) / 10;
}

function legendOf(lines: readonly Line[], colourOf: (line: Line) => string): string[] {
  if (lines.length === 1) return [];
  const step = (AREA.right - AREA.left) / lines.length;
  return lines.flatMap((line, index) => {
    const left = AREA.left + index * step;
    const dash = line.isReference ? ' stroke-dasharray="5 4"' : '';
    return [
      `<line class="line" x1="${left}" y1="48" x2="${left + 26}" y2="48" stroke="${colourOf(line)}"${dash}/>`,
      `<text x="${left + 32}" y="52.5">${escaped(line.name)}</text>`,
    ];
  });
}

function drawn(
  { points, isReference }: Line,
  colour: string,
  across: (value: number) => number,
  up: (value: number) => number,
): string[] {
  const path = points.map(([x, y]) => `${across(x)},${up(y)}`).join(' ');
  const dash = isReference ? ' stroke-dasharray="5 4"' : '';
  return [
    `<polyline class="line" points="${path}" stroke="${colour}"${dash}/>`,
    ...(isReference
      ? []
      : points.map(([x, y]) => `<circle cx="${across(x)}" cy="${up(y)}" r="4" fill="${colour}"/>`)),
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
