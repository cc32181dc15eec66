/** Finds the emitters in other languages that test/local-stack/exporter/emitters.sh installs. */
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

/** The emitters, which read a scenario from standard input and write documents; null when one is not installed. */
export function findEmitters() {
  const found = EMITTER_NAMES.map((name) => ({ name, path: join(FOLDER, name) }));
  return found.every(({ path }) => existsSync(path)) ? found : null;
}
