/** `npm run lint:prose`: lints the documents and comments of the repository. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lintProse } from './lintProse.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** The changelog is history, and other authors wrote the licences. */
const NOT_LINTED = /^(?:CHANGELOG\.md|docs\/licences\.md|test\/.*\.md)$/;
const PROSE = /^(?!test\/).*\.(?:md|ts|js|mjs|ya?ml|sh)$|^test\/.*\.(?:ts|js|sh)$/;

const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => PROSE.test(file) && !NOT_LINTED.test(file));

let findings = 0;
for (const file of files) {
  for (const { line, message } of await lintProse(file, await readFile(join(ROOT, file), 'utf8'))) {
    findings += 1;
    process.stdout.write(`${file}:${line} ${message}\n`);
  }
}
if (findings > 0) {
  process.stdout.write(`${findings} findings. CONTRIBUTING.md, "English", says how to write.\n`);
  process.exitCode = 1;
}
