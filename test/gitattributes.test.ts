/** A clone has the same bytes on every machine: Git for Windows sets core.autocrlf. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');
const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
const isClone = existsSync(join(ROOT, '.git')) && hasGit();

function hasGit(): boolean {
  try {
    return git('rev-parse', '--is-inside-work-tree').trim() === 'true';
  } catch {
    return false;
  }
}

describe('.gitattributes', () => {
  if (!isClone) {
    it('is looked at where the project is a clone', () => {
      expect(existsSync(join(ROOT, '.gitattributes'))).toBe(true);
    });
    return;
  }

  it('lets no file be checked out with other line ends than it was committed with', () => {
    const files = git('-c', 'core.autocrlf=true', 'ls-files', '--eol').trim().split('\n');
    expect(files.length).toBeGreaterThan(500);
    // Without an attribute core.autocrlf decides: what Git takes for text must say eol=lf, or be no text.
    const left = files.filter((line) => !/^\S+ +\S+ +attr\/(?:text(?:=auto)? eol=lf|-text) +\t/.test(line));
    expect(left).toEqual([]);
  });
});
