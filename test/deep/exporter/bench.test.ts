/** The bench of the exporter: its own checkout and another, and what it says of memory. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { findProgram } from '../../../local-stack/embedded/childService.ts';
import { ROOT } from '../../local-stack/exporter/command.ts';

const run = promisify(execFile);
const MANY = 1_000_000;
const FEW = 100_000;
/** What a container of 256 MB leaves; its alert comes at 90 percent. */
const MAX_PEAK_MB = 0.9 * 256;
/** Of so many more lines: 33 bytes of each. */
const MAX_GROWTH_MB = 30;

const bench = async (...args: readonly string[]) => {
  const { stdout } = await run(process.execPath, ['local-stack/exporter/bench.ts', ...args], { cwd: ROOT });
  return stdout;
};
const peaksIn = (text: string) => [...text.matchAll(/(\d+) MB at most/g)].map(([, peak]) => Number(peak));

describe('the bench of the exporter', () => {
  it('counts a million lines in bounded memory, in one process', async () => {
    const few = await bench(`--lines=${FEW}`, '--rounds=1');
    const many = await bench(`--lines=${MANY}`, '--rounds=1');
    expect(many).toContain(`this exporter: ${MANY} of ${MANY} lines counted`);
    const [[peakOfFew], [peakOfMany]] = [peaksIn(few), peaksIn(many)];
    expect(peakOfMany).toBeLessThan(MAX_PEAK_MB);
    expect(peakOfMany).toBeLessThan((peakOfFew ?? 0) + MAX_GROWTH_MB);
  });

  // A copy without Git has no revisions.
  const isClone = existsSync(join(ROOT, '.git')) && findProgram(['git'], process.env.PATH) !== null;
  it.each([['folder', ROOT], ...(isClone ? [['revision', 'HEAD'] as const] : [])])(
    'runs the exporter of a %s in turns with this one',
    async (_, against) => {
      const text = await bench('--lines=1000', '--rounds=2', `--against=${against}`);
      expect(text.match(/^\d\. .+: 1000 of 1000 lines counted/gm)?.length).toBe(4);
      expect(text).toMatch(
        /the median of the rounds: time × [\d.]+, processor time × [\d.]+, peak memory × [\d.]+\n/,
      );
    },
  );

  it('says what is neither', async () => {
    await expect(bench('--lines=1', '--rounds=1', '--against=nowhere')).rejects.toThrow(
      '"nowhere" is neither a folder with an exporter nor a revision: give one of them.',
    );
  });
});
