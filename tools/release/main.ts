/** `npm run release -- VERSION`: writes the version into every file that has it. CONTRIBUTING.md has the next steps. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { releaseChangelog, releaseVersion, VERSIONED } from './release.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const run = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const file = join(ROOT, path);
  await writeFile(file, change(await readFile(file, 'utf8')));
}

try {
  const [version = ''] = process.argv.slice(2);
  if (run('git', 'status', '--porcelain') !== '') throw new Error('Commit or stash your changes first.');
  const today = new Date().toISOString().slice(0, 10);
  await rewrite('CHANGELOG.md', (text) => releaseChangelog(text, version, today));
  for (const path of VERSIONED) await rewrite(path, (text) => releaseVersion(text, version));
  run(process.execPath, 'tools/openapi/main.ts');
  process.stdout.write(
    `${version} is written. Look at it with git diff, then go on as CONTRIBUTING.md says.\n`,
  );
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
