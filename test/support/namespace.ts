/** A network of a test's own: a Linux network namespace, where any address can be one's own and nothing leads out. */
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
