/** Finds the programs that `test/deep/linters/install.sh` installs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../.local/linters');

/** Path of a program; null when it is not installed. */
export function findLinter(name: string): string | null {
  const path = join(FOLDER, name);
  return existsSync(path) ? path : null;
}
