/** The files that are generated from the description. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { describeApi } from './document.ts';
import { renderReference } from './reference.ts';
import { rehearse } from './rehearsal.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

const NOTICE =
  '# Made by `npm run openapi` from the schemas and from what the service answers: change those.\n';

/** The text of each file, by its path in the repository. */
export async function makeFiles(): Promise<ReadonlyMap<string, string>> {
  const { version } = JSON.parse(await readFile(resolve(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const document = describeApi(await rehearse(), version);
  const yaml = NOTICE + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  return new Map([
    ['static/openapi.yaml', yaml],
    ['static/reference/index.html', renderReference(document)],
  ]);
}
