/** docs/licences.md says under which licences the packages are: what is deployed by name, tools by licence. */
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const { allowScripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const installed = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, facts]) => ({ ...facts, name: path.slice(path.lastIndexOf('node_modules/') + 13) }));
const isTool = ({ dev = false, optional = false }: LockedPackage) => dev || optional;

const text = await readFile('docs/licences.md', 'utf8');
/** The rows of one table, by the heading above it: first cell → second cell. */
const tableBelow = (heading: string): ReadonlyMap<string, string> => {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)];
  return new Map(
    rows.slice(1).map(([, first = '', second = '']) => [first.replaceAll('`', '').trim(), second.trim()]),
  );
};

it('every package that is deployed is listed with its licence, and no other', () => {
  const deployed = installed
    .filter((each) => !isTool(each))
    .map(({ name, license }) => [name, license ?? 'none']);
  const listed = [...tableBelow('In the bundles')];
  expect(listed).toEqual([...new Map(deployed as [string, string][])].sort(([a], [b]) => (a < b ? -1 : 1)));
});

it('every licence of a tool is listed', () => {
  const licences = new Set(installed.filter(isTool).map(({ license }) => license ?? 'none'));
  expect([...tableBelow('Tools').keys()].sort()).toEqual([...licences].sort());
});

it('every package with an install script is named, and none of them runs', () => {
  const scripted = new Set(
    installed.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name),
  );
  expect(allowScripts).toEqual(Object.fromEntries([...scripted].map((name) => [name, false])));
});
