import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { releaseChangelog, releaseVersion, VERSIONED } from '../../tools/release/release.ts';
import { ROOT } from '../support/startApp.ts';

const CHANGELOG =
  '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.9.0] - 2026-01-01\n\n- Old.\n';

describe('the changelog of a release', () => {
  it('has what was unreleased under the version, and room for what comes', () => {
    expect(releaseChangelog(CHANGELOG, '0.10.0', '2026-12-01')).toBe(
      CHANGELOG.replace('## [Unreleased]\n', '## [Unreleased]\n\n## [0.10.0] - 2026-12-01\n'),
    );
  });

  it.each([
    ['no version', CHANGELOG, '', 'Give the version as 1.2.3, not nothing.'],
    ['half a version', CHANGELOG, '1.2', 'Give the version as 1.2.3, not 1.2.'],
    ['a tag', CHANGELOG, 'v1.2.3', 'Give the version as 1.2.3, not v1.2.3.'],
    ['the version that is out', CHANGELOG, '0.9.0', '0.9.0 is not above 0.9.0.'],
    ['an older one', CHANGELOG, '0.8.99', '0.8.99 is not above 0.9.0.'],
    [
      'nothing that is new',
      CHANGELOG.replace('- A thing.\n', ''),
      '1.0.0',
      'Nothing is unreleased: there is no line in the changelog for it.',
    ],
    ['no section', '# Changelog\n', '1.0.0', 'CHANGELOG.md has no section ## [Unreleased].'],
  ])('is refused with %s', (_, text, version, sentence) => {
    expect(() => releaseChangelog(text, version, '2026-12-01')).toThrow(sentence);
  });
});

describe('the version of a release', () => {
  it.each(VERSIONED)('is written into %s, and nothing else of it changes', (path) => {
    const before = readFileSync(join(ROOT, path), 'utf8');
    const after = releaseVersion(before, '99.98.97');
    const { version } = JSON.parse(before) as { version: string };
    const changed = before.split('\n').flatMap((line, index) => {
      const now = after.split('\n')[index];
      return now === line ? [] : [[line.trim(), now?.trim()]];
    });
    const line = [`"version": "${version}",`, '"version": "99.98.97",'];
    expect(changed).toEqual(path === 'package-lock.json' ? [line, line] : [line]);
    const lock = JSON.parse(after) as { version: string; packages?: Record<string, { version?: string }> };
    expect(lock.version).toBe('99.98.97');
    if (lock.packages !== undefined) expect(lock.packages['']?.version).toBe('99.98.97');
  });
});
