/** The table and the JSON file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, platform, release } from 'node:os';
import { dirname } from 'node:path';
import type { Parameters } from './parameters.ts';
import { isMet, type Row } from './row.ts';
import { median } from './statistics.ts';

const COLUMNS = ['scenario', 'what', 'median', 'spread', 'reference', 'figure', 'aim', 'met'] as const;

/** In Markdown, with columns of one width. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [COLUMNS, COLUMNS.map(() => '---'), ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}

export async function writeReport(path: string, rows: readonly Row[], parameters: Parameters): Promise<void> {
  const { names, images, bytes, latency, rounds } = parameters;
  const report = {
    date: new Date().toISOString(),
    node: process.version,
    machine: {
      system: `${platform()} ${release()}`,
      cores: cpus().length,
      cpu: cpus()[0]?.model,
      load: loadavg(),
    },
    parameters: { names, images, bytes, latency, rounds },
    rows: rows.map((row) => ({ ...row, isMet: isMet(row) })),
  };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`);
}

function cellsOf(row: Row): string[] {
  const { scenario, what, unit, subject, reference, figure, figureKind, aim } = row;
  const sign = { ratio: '×', difference: unit, value: unit, exponent: 'exponent' }[figureKind];
  return [
    scenario,
    what,
    `${short(median(subject))} ${unit}`,
    `${short(Math.min(...subject))}–${short(Math.max(...subject))}`,
    reference.length === 0 ? '' : `${short(median(reference))} ${unit}`,
    `${figureKind === 'difference' && figure >= 0 ? '+' : ''}${short(figure)} ${sign}`,
    aim === null ? '' : 'atMost' in aim ? `≤ ${short(aim.atMost)}` : `≥ ${short(aim.atLeast)}`,
    aim === null ? '' : isMet(row) ? 'yes' : 'NO',
  ];
}

/** Three figures are more than a shared machine knows. */
function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(size >= 10 ? 1 : 2);
}
