import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

export interface Finding {
  /**
   * `broken`: the check threw. `slow`: it took more than linear time allows. `hang`: it was ended. `memory`: it took
   * more than the worker has. `silent`: its promise never settled.
   */
  readonly kind: 'broken' | 'slow' | 'hang' | 'memory' | 'silent';
  /** The same for every input that shows the same fault. */
  readonly signature: string;
  /** What was thrown or seen, for people. */
  readonly report: string;
  readonly input: Buffer;
}

/** Name, beginning of the message and the place in the code: what follows a colon is the input's, not the fault's. */
export function signatureOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `thrown ${typeof thrown}`;
  const [first = ''] = thrown.message.split(/[:\n]/, 1);
  const place = /\n\s+at .*?([\w.-]+\.[jt]s:\d+)/.exec(thrown.stack ?? '')?.[1] ?? '';
  return `${thrown.name}: ${first.replace(/\d+/g, 'N').slice(0, 120)} ${place}`;
}

/** So long an input is told in full. */
const TOLD_BYTES = 16 * 1024;

/** A line for the shell that tries the input again, also where the files of this run are gone by then. */
export function replayLine(target: string, path: string, { input }: Finding): string {
  if (input.length > TOLD_BYTES) return `npm run fuzz -- --replay ${path} ${target}`;
  const base64 = input.toString('base64');
  return `echo '${base64}' | base64 --decode >finding && npm run fuzz -- --replay finding ${target}`;
}

/** Keeps the input and, beside it, what it does and how to see it again. The input's path comes back. */
export function keepFinding(folder: string, target: string, finding: Finding): string {
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256').update(finding.input).digest('hex').slice(0, 12);
  const path = join(folder, `${finding.kind}-${hash}`);
  writeFileSync(path, finding.input);
  writeFileSync(
    `${path}.txt`,
    `${finding.report}\n\nnpm run fuzz -- --replay ${path} ${target}\n\n${inspect(finding.input.toString('utf8', 0, 2_000))}\n`,
  );
  return path;
}
