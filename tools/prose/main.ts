/** `npm run lint:prose`: lints the documents and comments of the repository. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { proseFormOf } from './files.ts';
import { lintProse } from './lintProse.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');

let findings = 0;
for (const file of files) {
  const form = proseFormOf(file);
  if (form === null) continue;
  for (const { line, message } of await lintProse(form, await readFile(join(ROOT, file), 'utf8'))) {
    findings += 1;
    process.stdout.write(`${file}:${line} ${message}\n`);
  }
}
if (findings > 0) {
  process.stdout.write(`${findings} findings. CONTRIBUTING.md, "English", says how to write.\n`);
  process.exitCode = 1;
}
