import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../lib/config.ts';
import { imageIdOf, pageIdOf } from '../lib/domain/identity.ts';
import { parseObjectName } from '../lib/domain/objectName.ts';
import { IMAGE_CODES, PROBLEM_CODES } from '../lib/domain/problem.ts';

/** No settings: they tell where the code runs. */
const SET_BY_LAMBDA = new Set([
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'IS_OFFLINE',
  'IS_LOCAL',
]);

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('the README', () => {
  it('shows an answer that this service gives', () => {
    const response = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '{}');
    const [item] = response.items;
    expect(response.images).toEqual([item.name]);
    expect(parseObjectName(item.name)).toMatchObject({
      imageId: imageIdOf(item.url),
      pageId: pageIdOf(response.url),
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
    const asked = new Set<string>();
    const env = new Proxy<Record<string, string>>(
      { S3_BUCKET: 'images' },
      {
        get: (given, name: string) => {
          asked.add(name);
          return given[name];
        },
      },
    );
    readConfig(env);
    const settings = [...asked].filter((name) => !SET_BY_LAMBDA.has(name));
    expect(settings).toEqual(expect.arrayContaining(['S3_BUCKET', 'PAGE_MAX_BYTES', 'CACHE_TTL_SECONDS']));
    expect(settings.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('gives a reason for every package', () => {
    const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const isTypes = (name: string) => name.startsWith('@types/') || name === '@jest/globals';
    expect(packages.filter((name) => !isTypes(name) && !readme.includes(`\`${name}\``))).toEqual([]);
  });
});
