/** T16: bombs at the same time. A Brotli decoder takes a window that no limit on decoded bytes counts. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { report } from '../support/figures.ts';

const MIB = 1024 * 1024;

interface Printed {
  readonly bytes: number;
  readonly faults: readonly string[];
  readonly grownBytes: number;
}

async function readAtOnce(kind: string, count: number): Promise<Printed> {
  const inside = path.join(import.meta.dirname, 'inside.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', inside, kind, String(count)],
    // glibc would keep up to 32 MiB a thread of what was given back to it; here what is in use is asked for.
    { timeout: 150_000, env: { PATH: process.env.PATH, MALLOC_MMAP_THRESHOLD_: String(MIB / 4) } },
  );
  return JSON.parse(stdout) as Printed;
}

describe('T: brotli bombs', () => {
  it.each([
    ['image', 1],
    ['image', 8],
    ['image', 32],
    ['page', 32],
  ])(
    'T16 of 200 bytes, as %s, %i at once: each stops at the limit, and together they stay below 96 MiB',
    async (kind, count) => {
      const { bytes, faults, grownBytes } = await readAtOnce(kind, count);
      expect(bytes).toBeLessThan(300);
      expect(faults).toEqual(Array(count).fill('tooLarge'));
      // Without turns it was 570 MiB.
      expect(grownBytes).toBeLessThan(96 * MIB);
      report({ inputs: count, grownBytes });
    },
  );
});
