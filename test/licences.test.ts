/** docs/licences.md says under which licences the packages are: what is deployed by name, tools by licence. */
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

interface LockedPackage {
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** They run the functions on this machine and in the stack's image, and package them: they are not deployed. */
const LOCAL = ['@smithy/signature-v4', 'esbuild', 'prom-client', 'serverless', 'serverless-offline'];

const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const { allowScripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const installed = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, facts]) => ({ ...facts, path, name: path.slice(path.lastIndexOf('node_modules/') + 13) }));
const deployedPaths = findDeployed();
const isTool = ({ path }: { readonly path: string }) => !deployedPaths.has(path);

/** Where the lock file has what the functions need, and what that needs. */
function findDeployed(): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (from: string, names: readonly string[]) => {
    for (const name of names) {
      const path = placeOf(name, from);
      if (path === undefined || found.has(path)) continue;
      found.add(path);
      const { dependencies, peerDependencies } = lock.packages[path] ?? {};
      visit(path, Object.keys({ ...dependencies, ...peerDependencies }));
    }
  };
  const own = Object.keys(lock.packages['']?.dependencies ?? {});
  visit(
    '',
    own.filter((name) => !LOCAL.includes(name)),
  );
  return found;
}

/** As Node looks for it: in the package's own folder, then in those above. */
function placeOf(name: string, from: string): string | undefined {
  const parts = from.split('/node_modules/');
  for (let count = parts.length; count >= 0; count -= 1) {
    const folder = parts.slice(0, count).join('/node_modules/');
    const path = `${folder && `${folder}/`}node_modules/${name}`;
    if (path in lock.packages) return path;
  }
  return undefined;
}

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
  const expected = installed
    .filter((each) => !isTool(each))
    .map(({ name, license }) => [name, license ?? 'none']);
  const listed = [...tableBelow('In the bundles')];
  expect(listed).toEqual([...new Map(expected as [string, string][])].sort(([a], [b]) => (a < b ? -1 : 1)));
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
