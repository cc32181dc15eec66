/** Emitters of other languages, as test/local-stack/exporter/emitters.sh installs them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../.local/emitters');

export const EMITTER_NAMES: readonly string[] = [
  'java-embedded',
  'java-powertools',
  'python-distro',
  'python-embedded',
  'python-powertools',
  'rust-metrics-cloudwatch-embedded',
];

/** Each reads a scenario from standard input and writes documents; null when one of them is not installed. */
export function findEmitters() {
  const found = EMITTER_NAMES.map((name) => ({ name, path: join(FOLDER, name) }));
  return found.every(({ path }) => existsSync(path)) ? found : null;
}
