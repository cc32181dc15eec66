/** Finds out how to run a command in a Linux namespace: with a network without a way out, or with separate mounts. */
import { spawnSync } from 'node:child_process';
import { findProgram } from '../../local-stack/embedded/childService.ts';

/** Command line prefix for a network namespace, as root or as root of a user namespace; null when neither works. */
export function findNamespace(): readonly [program: string, ...args: string[]] | null {
  const unshare = findProgram(['unshare'], process.env.PATH);
  if (unshare === null) return null;
  for (const option of ['-n', '-rn']) {
    // Tests must be able to bring loopback up and to give it an address.
    const { status } = spawnSync(unshare, [option, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' });
    if (status === 0) return [unshare, option];
  }
  return null;
}

/** Command line prefix for a mount namespace; null when the machine does not allow one. */
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
