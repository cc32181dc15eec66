/** `npm run openapi`: writes the files that are generated from the description. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFiles, ROOT } from './files.ts';

for (const [path, text] of await makeFiles()) {
  const file = join(ROOT, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`${path}\n`);
}
