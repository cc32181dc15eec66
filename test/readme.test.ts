import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { imageIdOf, pageIdOf } from '../lib/domain/identity.ts';
import { parseObjectName } from '../lib/domain/objectName.ts';
import { IMAGE_CODES, PROBLEM_CODES } from '../lib/domain/problem.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('the README', () => {
  it('shows an answer that this service gives', () => {
    const answer = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '{}');
    const [item] = answer.items;
    expect(answer.images).toEqual([item.name]);
    expect(parseObjectName(item.name)).toMatchObject({
      imageId: imageIdOf(item.url),
      pageId: pageIdOf(answer.url),
      fileName: 'image1.jpg',
    });
    const [expected] = JSON.parse(readFileSync(join(root, 'static/sample/expected.json'), 'utf8')).index
      .images;
    expect(item).toMatchObject({ sha256: expected.sha256, bytes: expected.bytes, width: expected.width });
  });

  it('names every code', () => {
    const missing = [...PROBLEM_CODES, ...IMAGE_CODES].filter((code) => !readme.includes(`\`${code}\``));
    expect(missing).toEqual([]);
  });

  it('names every setting', () => {
    const config = readFileSync(join(root, 'lib/config.ts'), 'utf8');
    const settings = [...config.matchAll(/(?:integer|parsed|given)\('([A-Z0-9_]+)'/g)].map(
      ([, name]) => name ?? '',
    );
    expect(settings.length).toBeGreaterThan(20);
    expect(settings.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('gives a reason for every package', () => {
    const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const isTypes = (name: string) => name.startsWith('@types/') || name === '@jest/globals';
    expect(packages.filter((name) => !isTypes(name) && !readme.includes(`\`${name}\``))).toEqual([]);
  });
});
