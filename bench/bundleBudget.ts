/** What a packaged function may weigh. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface BundleSize {
  /** Code that is loaded before the first call, bytes. */
  readonly atStart: number;
  /** All code of the function. */
  readonly all: number;
}

/** Follows the fixed imports of `index.js`; what is imported by a call counts as loaded later. */
export function bundleSizeOf(folder: string): BundleSize {
  const seen = new Set<string>();
  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, next] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) follow(next ?? '');
  };
  follow('index.js');
  const bytes = (files: Iterable<string>) =>
    [...files].reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  return { atStart: bytes(seen), all: bytes(readdirSync(folder).filter((file) => file.endsWith('.js'))) };
}
