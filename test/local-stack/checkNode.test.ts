import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { judgeNode } from '../../local-stack/checkNode.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const { optionalDependencies } = read('package.json') as { optionalDependencies: Record<string, string> };
const lock = read('package-lock.json') as {
  packages: Record<string, { version: string; os: string; cpu: string; libc?: string[]; integrity?: string }>;
};
const nodes = Object.keys(optionalDependencies).map((name) => {
  const facts = lock.packages[`node_modules/${name}`];
  if (facts === undefined) throw new Error(`${name} is not in the lock file.`);
  return { name, ...facts };
});

describe('the check of Node', () => {
  it.each(['24.11.0', '24.11.1', '24.21.0', '25.0.0', '26.10.0', '100.0.0'])('takes %s', (version) => {
    expect(judgeNode(version, 'linux-x64')).toBeNull();
  });

  it.each(['18.20.8', '20.20.2', '22.23.3', '24.0.0', '24.2.0', '24.10.9'])('refuses %s', (version) => {
    expect(judgeNode(version, 'linux-x64')).toBe(
      `This project needs Node 24.11 or later, but these scripts run on v${version}: run "npm ci" again (an optional package installs Node), or install Node 24.11 or later yourself.`,
    );
  });

  it.each(['linux-x64-musl', 'linux-arm64-musl', 'freebsd-x64', 'linux-riscv64'])(
    'does not send anybody to npm on %s, for which npm has no Node',
    (platform) => {
      expect(judgeNode('22.0.0', platform)).toBe(
        `This project needs Node 24.11 or later, but these scripts run on v22.0.0: npm has no Node for ${platform}, so install Node 24.11 or later yourself.`,
      );
    },
  );
});

describe('the packages that bring Node', () => {
  it('are each enough for the check, and locked', () => {
    for (const { name, version, integrity } of nodes) {
      expect([name, version, judgeNode(version, 'linux-x64')]).toEqual([
        name,
        optionalDependencies[name],
        null,
      ]);
      expect(integrity).toMatch(/^sha512-/);
    }
  });

  it('are those that the check sends people to npm for', () => {
    const brought = nodes.map(({ os, cpu }) => `${os}-${cpu}`).sort();
    const sentToNpm = brought.filter((platform) => judgeNode('1.0.0', platform)?.includes('"npm ci"'));
    expect(sentToNpm).toEqual(brought);
    expect(new Set(brought).size).toBe(nodes.length);
  });

  // The packages do not say it themselves. With musl the program cannot start, and would hide the machine's own Node.
  it('are not installed where the C library is another', () => {
    for (const { name, os, libc } of nodes)
      expect([name, libc]).toEqual([name, os === 'linux' ? ['glibc'] : undefined]);
  });
});
