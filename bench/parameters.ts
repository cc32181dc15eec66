/** What a caller may choose: `npm run bench -- post put --images 200 --bytes 50000 --latency 0 --rounds 7`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Parameters {
  /** Names of scenarios, in the order of the table; empty means all. */
  readonly names: readonly string[];
  readonly images: number;
  /** Of one image. */
  readonly bytes: number;
  /** Of every answer of the site, ms. */
  readonly latency: number;
  /** Of every scenario; those that take long have fewer. */
  readonly rounds: number;
  /** A folder of saved pages. */
  readonly corpus: string;
  /** Where the JSON goes. */
  readonly out: string;
  /** Ends with 1 when a margin is not kept: this much of every aim. Absent: aims are only shown. */
  readonly margin?: number;
}

const ROOT = resolve(import.meta.dirname, '..');

/** @throws Error with one sentence about the option that is wrong */
export function readParameters(args: readonly string[], known: readonly string[]): Parameters {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      images: { type: 'string', default: '200' },
      bytes: { type: 'string', default: '50000' },
      latency: { type: 'string', default: '0' },
      rounds: { type: 'string', default: '7' },
      corpus: { type: 'string' },
      out: { type: 'string' },
      margin: { type: 'string' },
    },
  });
  const stranger = positionals.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new Error(`There is no scenario "${stranger}"; there are ${known.join(', ')}.`);
  }
  const whole = (name: 'images' | 'bytes' | 'latency' | 'rounds', min: number, max: number): number => {
    const value = /^\d{1,9}$/.test(values[name]) ? Number(values[name]) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new Error(`--${name} must be a whole number from ${min} to ${max}, not "${values[name]}".`);
  };
  const margin = values.margin === undefined ? undefined : Number(values.margin);
  if (margin !== undefined && !(margin >= 1 && margin <= 100)) {
    throw new Error(`--margin must be a number from 1 to 100, not "${values.margin}".`);
  }
  return {
    names: known.filter((name) => positionals.length === 0 || positionals.includes(name)),
    images: whole('images', 1, 1_000),
    bytes: whole('bytes', 200, 20_000_000),
    latency: whole('latency', 0, 10_000),
    rounds: whole('rounds', 1, 100),
    corpus: values.corpus ?? usualCorpus(),
    out: resolve(
      values.out ?? resolve(ROOT, '.local/bench', `${new Date().toISOString().slice(0, 19)}.json`),
    ),
    ...(margin !== undefined && { margin }),
  };
}

/** Saved pages of the real web, where the machine has some beside the project; else the sample site's. */
function usualCorpus(): string {
  const beside = resolve(ROOT, '../shared/corpus/readability');
  return existsSync(beside) ? beside : resolve(ROOT, 'static/sample');
}
