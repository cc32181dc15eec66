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

const sources: readonly Source[] = globSync(
  '{handlers,lib,local-stack,tools,bench,test/stack,test/openapi}/**/*.{ts,js,cjs,mjs}',
  {
    cwd: root,
  },
)
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

/** What runs as the service: on Lambda, or in the image of the stack. */
const service = under('handlers', 'lib', 'local-stack', 'tools/bundler');

/**
 * The rooms, and what each may import beside itself. A room is a folder or a file; of two that fit, the longer one. What
 * stands here is what docs/how-it-works.md draws.
 */
const STORIES = ['lib/harvest', 'lib/lookup', 'lib/sweep'];
const GROUND = ['lib/domain', 'lib/concurrency', 'lib/config.ts'];
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'lib/domain': [],
  'lib/concurrency': ['lib/domain'],
  'lib/settingsError.ts': [],
  'lib/folderFaults.ts': [],
  'lib/tls': [],
  'lib/storeAddress.ts': [],
  'lib/config.ts': ['lib/settingsError.ts', 'lib/storeAddress.ts', 'lib/tls'],
  'lib/record': ['lib/domain'],
  'lib/image': ['lib/domain', 'lib/concurrency'],
  'lib/discovery': ['lib/domain', 'lib/concurrency'],
  'lib/invocation': ['lib/domain', 'lib/concurrency'],
  'lib/harvest': [...GROUND, 'lib/record', 'lib/image', 'lib/discovery'],
  'lib/lookup': ['lib/domain', 'lib/record'],
  'lib/sweep': ['lib/domain', 'lib/concurrency', 'lib/record', 'lib/invocation'],
  'lib/http': [...GROUND, 'lib/invocation', 'lib/record', ...STORIES],
  // The adapters: none knows another, and only the wiring knows them.
  'lib/web': GROUND,
  'lib/s3': [...GROUND, 'lib/record', 'lib/tls'],
  'lib/redis': [...GROUND, 'lib/record', 'lib/tls'],
  'lib/emf': ['lib/domain'],
  'lib/services.ts': ['lib'],
  handlers: ['lib/http', 'lib/invocation', 'lib/services.ts', ...STORIES],
  // Its contract with the service is the text of EMF: it runs anywhere.
  'local-stack/exporter': [],
  'local-stack': ['lib', 'handlers', 'tools/bundler'],
  'tools/bundler': ['lib/folderFaults.ts'],
  'tools/openapi': ['lib', 'local-stack/front', 'test/fakes'],
  'tools/prose': [],
  'tools/release': [],
  'tools/samplePictures': [],
  bench: ['lib', 'local-stack', 'tools/bundler', 'test/support', 'test/lib/web'],
  'test/stack': ['local-stack/smoke', 'test/support', 'test/local-stack/compose'],
  'test/openapi': ['test/support'],
};

const isIn = (file: string, room: string) => file === room || file.startsWith(`${room}/`);
const roomOf = (file: string) =>
  Object.keys(ROOMS)
    .filter((room) => isIn(file, room))
    .sort((a, b) => b.length - a.length)[0];
const isOurs = (name: string) => /^(handlers|lib|local-stack|tools|bench|test)\//.test(name);

describe('the structure', () => {
  it('is looked at as a whole', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(({ imports }) => imports)).toEqual(
      expect.arrayContaining(['ioredis', 'lib/domain/model.ts']),
    );
  });

  it('imports each npm package in one file', () => {
    const importers = new Map<string, string[]>();
    for (const { file, text, imports } of service) {
      for (const name of new Set(imports)) {
        const isTypeOnly = new RegExp(`^import type [^;]* from '${name}'`, 'm').test(text);
        if (name.startsWith('node:') || isOurs(name) || isTypeOnly) continue;
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
    const needed = service.flatMap(({ text, imports }) =>
      imports.filter((name) => !new RegExp(`^import type [^;]* from '${name}'`, 'm').test(text)),
    );
    const packages = needed.filter((name) => !name.startsWith('node:') && !isOurs(name));
    // Run as programs, not imported.
    const programs = ['serverless', 'serverless-offline'];
    expect(Object.keys(dependencies).sort()).toEqual([...new Set([...packages, ...programs])].sort());
    expect(readFileSync(path.join(root, 'local-stack/Dockerfile'), 'utf8')).toMatch(
      /npm ci --omit=dev --ignore-scripts/,
    );
  });

  it('has a room for every file', () => {
    expect(sources.filter(({ file }) => roomOf(file) === undefined).map(({ file }) => file)).toEqual([]);
    expect(Object.keys(ROOMS).filter((room) => under(room).length === 0)).toEqual([]);
  });

  it('lets each room import what it may', () => {
    const astray = sources.flatMap(({ file, imports }) => {
      const room = roomOf(file) ?? '';
      return imports
        .filter((target) => isOurs(target) && roomOf(target) !== room)
        .filter((target) => !ROOMS[room]?.some((allowed) => isIn(target, allowed)))
        .map((target) => `${file} → ${target}`);
    });
    expect(astray).toEqual([]);
  });

  it('has no circle of files', () => {
    const files = new Map(sources.map((source) => [source.file, source.imports]));
    const open = new Set<string>();
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, way: readonly string[]) => {
      if (open.has(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
      if (open.has(file) || done.has(file)) return;
      open.add(file);
      for (const target of files.get(file) ?? []) if (files.has(target)) visit(target, [...way, file]);
      open.delete(file);
      done.add(file);
    };
    for (const file of files.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('reads the environment of the service in one place', () => {
    const readers = under('lib', 'handlers').filter(({ text }) => text.includes('process.env'));
    expect(readers.map(({ file }) => file)).toEqual(['lib/services.ts']);
  });

  // Undefined before Node 24.2: what asks for it would do nothing, in silence.
  it('does not ask Node whether a file is the program', () => {
    const files = globSync('{bench,handlers,lib,local-stack,static,test,tools}/**/*.{ts,js,cjs,mjs}', {
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
