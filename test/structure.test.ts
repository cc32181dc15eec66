import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = path.join(import.meta.dirname, '..');

interface Source {
  readonly file: string;
  readonly text: string;
  /** Repository-relative for the project's own files, the package's name for the others. */
  readonly imports: readonly string[];
}

const sources: readonly Source[] = globSync('{handlers,lib,local-stack}/**/*.{ts,js,cjs,mjs}', { cwd: root })
  .filter((file) => !file.includes('/dist/'))
  .sort()
  .map((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const statements = text.matchAll(
      /^(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm,
    );
    const imports = [...statements].map(([, fixed, lazy]) => targetOf(file, fixed ?? lazy ?? ''));
    return { file, text, imports };
  });

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return path.join(path.dirname(file), specifier);
  if (isBuiltin(specifier)) return `node:${specifier.replace('node:', '')}`;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

const under = (...folders: readonly string[]) =>
  sources.filter(({ file }) => folders.some((folder) => file === folder || file.startsWith(`${folder}/`)));

/** What keeps the promises of the ports; each is known to the wiring alone. */
const ADAPTERS = ['lib/web/', 'lib/record/s3', 'lib/record/redis', 'lib/record/noCache', 'lib/metrics/'];
const isAdapter = (file: string) => ADAPTERS.some((adapter) => file.startsWith(adapter));
const GROUND_FLOOR = [
  'lib/domain/model.ts',
  'lib/domain/ports.ts',
  'lib/domain/problem.ts',
  'lib/config.ts',
  'lib/settingsError.ts',
];

describe('the structure', () => {
  it('is looked at as a whole', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(({ imports }) => imports)).toEqual(
      expect.arrayContaining(['ioredis', 'lib/domain/model.ts']),
    );
  });

  it('imports each npm package in one file', () => {
    const importers = new Map<string, string[]>();
    for (const { file, text, imports } of sources) {
      for (const name of new Set(imports)) {
        const isTypeOnly = new RegExp(`^import type [^;]* from '${name}'`, 'm').test(text);
        if (/^(node:|lib\/|handlers\/|local-stack\/)/.test(name) || isTypeOnly) continue;
        importers.set(name, [...(importers.get(name) ?? []), file]);
      }
    }
    const shared = [...importers].filter(([, files]) => files.length > 1);
    expect(shared).toEqual([]);
  });

  // The image of the stack is installed without devDependencies.
  it('runs on nothing but its dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const needed = sources.flatMap(({ text, imports }) =>
      imports.filter((name) => !new RegExp(`^import type [^;]* from '${name}'`, 'm').test(text)),
    );
    const packages = needed.filter((name) => !/^(node:|lib\/|handlers\/|local-stack\/)/.test(name));
    // Run as programs, not imported.
    const programs = ['serverless', 'serverless-offline'];
    expect(Object.keys(dependencies).sort()).toEqual([...new Set([...packages, ...programs])].sort());
    expect(readFileSync(path.join(root, 'local-stack/Dockerfile'), 'utf8')).toMatch(
      /npm ci --omit=dev --ignore-scripts/,
    );
  });

  it('lets only the wiring know an adapter', () => {
    const knowing = sources
      .filter(({ file }) => file !== 'lib/services.ts' && !isAdapter(file))
      .filter(({ imports }) => imports.some(isAdapter));
    expect(knowing.map(({ file }) => file)).toEqual([]);
  });

  it('lets no adapter know another', () => {
    const familyOf = (file: string) => ADAPTERS.find((adapter) => file.startsWith(adapter));
    const knowing = sources.flatMap(({ file, imports }) =>
      imports
        .filter((target) => isAdapter(file) && isAdapter(target) && familyOf(file) !== familyOf(target))
        .map((target) => `${file} → ${target}`),
    );
    expect(knowing).toEqual([]);
  });

  it('keeps the ground floor free of anything above it', () => {
    const above = under(...GROUND_FLOOR).flatMap(({ file, imports }) =>
      imports
        .filter((target) => !GROUND_FLOOR.includes(target) && !target.startsWith('node:'))
        .map((target) => `${file} → ${target}`),
    );
    expect(above).toEqual([]);
  });

  it('lets lib import nothing of the handlers or of the local stack', () => {
    const outside = under('lib').flatMap(({ imports }) =>
      imports.filter((target) => /^(handlers|local-stack|test|bench)\//.test(target)),
    );
    expect(outside).toEqual([]);
  });

  it('lets the handlers import lib alone', () => {
    const others = under('handlers').flatMap(({ imports }) =>
      imports.filter((target) => !target.startsWith('lib/') && target !== 'aws-lambda'),
    );
    expect(others).toEqual([]);
  });

  it('reads the environment of the service in one place', () => {
    const readers = under('lib', 'handlers').filter(({ text }) => text.includes('process.env'));
    expect(readers.map(({ file }) => file)).toEqual(['lib/services.ts']);
  });

  // Undefined before Node 24.2: what asks for it would do nothing, in silence.
  it('does not ask Node whether a file is the program', () => {
    const files = globSync('{.ci,bench,handlers,lib,local-stack,openapi,static,test}/**/*.{ts,js,cjs,mjs}', {
      cwd: root,
    }).filter((file) => !file.includes('/dist/'));
    const asking = files.filter((file) =>
      readFileSync(path.join(root, file), 'utf8')
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
        .includes(['import.meta', 'main'].join('.')),
    );
    expect(files.length).toBeGreaterThan(300);
    expect(asking).toEqual([]);
  });

  it('has no file over 400 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 400);
    expect(long.map(({ file }) => file)).toEqual([]);
  });
});
