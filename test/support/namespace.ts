/** Linux namespaces of a test's own: a network where nothing leads out, or a table of mounts. */
import { spawnSync } from 'node:child_process';
import { findProgram } from '../../local-stack/embedded/childService.ts';

/** How to run a command in one: as root, else as the root of a user namespace; null where the machine has neither. */
export function findNamespace(): readonly [program: string, ...args: string[]] | null {
  const unshare = findProgram(['unshare'], process.env.PATH);
  if (unshare === null) return null;
  for (const option of ['-n', '-rn']) {
    // What a test needs there: to bring loopback up and to give it an address.
    const { status } = spawnSync(unshare, [option, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' });
    if (status === 0) return [unshare, option];
  }
  return null;
}

/** How to run a command whose mounts nothing else sees; null where the machine does not allow it. */
export function findMounts(): readonly [program: string, ...args: string[]] | null {
  const unshare = findProgram(['unshare'], process.env.PATH);
  if (unshare === null) return null;
  for (const option of ['-m', '-rm']) {
    const { status } = spawnSync(unshare, [option, 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
      stdio: 'ignore',
    });
    if (status === 0) return [unshare, option];
  }
  return null;
}
