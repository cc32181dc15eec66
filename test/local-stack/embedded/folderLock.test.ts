import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isLocked, lockFolder } from '../../../local-stack/embedded/folderLock.ts';
import { startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { findMounts } from '../../support/namespace.ts';

const MODULE = join(import.meta.dirname, '../../../local-stack/embedded/folderLock.ts');
const USE = { holder: 'a test', remedy: 'choose another' };

/** Locks the folder of its argument and prints `held` or the reason; stays until it is killed. */
const HOLD = `
const { lockFolder } = await import(${JSON.stringify(MODULE)});
try {
  lockFolder(process.argv[1], { holder: 'process ' + process.pid, remedy: 'choose another' });
  console.log('held');
  setInterval(() => {}, 1_000);
} catch (error) {
  console.log(error.message);
}
`;
const ARGUMENTS = ['--no-warnings', '--input-type=module', '--eval', HOLD] as const;

let folder = '';
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'folder-lock-'));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  await rm(folder, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Resolves with what it printed first. */
async function holdInAnotherProcess(path: string) {
  const child = spawn(process.execPath, [...ARGUMENTS, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { child, said: text.trim() };
}

describe('the lock of a folder', () => {
  it('names the process that has it, and the next step', () => {
    const lock = lockFolder(folder, USE);
    expect(() => lockFolder(folder, USE)).toThrow(
      `${folder} is in use by a test: end that process, or choose another.`,
    );
    expect(isLocked(folder)).toBe(true);
    lock.release();
    expect(isLocked(folder)).toBe(false);
    lockFolder(folder, USE).release();
  });

  it('is kept between processes, and ends with SIGKILL', async () => {
    const { child, said } = await holdInAnotherProcess(folder);
    expect(said).toBe('held');
    const refused = `${folder} is in use by process ${child.pid}: end that process, or choose another.`;
    expect(() => lockFolder(folder, USE)).toThrow(refused);
    expect(isLocked(folder)).toBe(true);
    await kill(child);
    expect(isLocked(folder)).toBe(false);
    lockFolder(folder, USE).release();
  });

  it('is given to one of eight processes that ask at once', async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => holdInAnotherProcess(folder)));
    expect(responses.filter(({ said }) => said === 'held')).toHaveLength(1);
    expect(responses.filter(({ said }) => said.includes(' is in use by '))).toHaveLength(7);
  });

  it('belongs to the folder, whatever path leads to it', async () => {
    await mkdir(join(folder, 'data'));
    await symlink(join(folder, 'data'), join(folder, 'link'), 'junction');
    const lock = lockFolder(join(folder, 'data'), USE);
    for (const other of ['link', 'link/', './data/../link', 'data/.']) {
      expect(() => lockFolder(join(folder, other), USE)).toThrow('is in use by a test');
    }
    lock.release();
  });

  it('is not held by a note that names a process which runs', async () => {
    // A process id is given away again: here it is the one of this very process.
    await writeFile(join(folder, 'lock.txt'), `process ${process.pid}\n`);
    await writeFile(join(folder, 'lock'), '');
    lockFolder(folder, USE).release();
  });

  it('writes nothing but the name of its holder, however often', async () => {
    for (let count = 0; count < 20; count += 1) lockFolder(folder, USE).release();
    expect((await readdir(folder)).sort()).toEqual(['lock', 'lock.txt']);
    expect((await stat(join(folder, 'lock'))).size).toBe(0);
    expect((await stat(join(folder, 'lock.txt'))).size).toBe('a test\n'.length);
  });

  it('is looked at without a trace where nothing was ever locked', async () => {
    expect(isLocked(folder)).toBeNull();
    expect(isLocked(join(folder, 'nowhere'))).toBeNull();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['a file in its place', 'file'],
    ['a file above it', 'file/below'],
  ])('refuses %s in one sentence', async (_, path) => {
    await writeFile(join(folder, 'file'), '');
    expect(() => lockFolder(join(folder, path), USE)).toThrow(
      `${join(folder, path)} cannot be written (a file is in the way): choose another.`,
    );
  });

  it('refuses a lock that is not its own file', async () => {
    await mkdir(join(folder, 'lock'));
    expect(() => lockFolder(folder, USE)).toThrow(`${folder} cannot be locked (unable to open`);
    await rm(join(folder, 'lock'), { recursive: true });
    await writeFile(join(folder, 'lock'), 'x'.repeat(5_000));
    expect(() => lockFolder(folder, USE)).toThrow(`${folder} cannot be locked (file is not a database)`);
  });

  it('keeps a second object store out of the folder of the first, and gives the port back', async () => {
    const first = await startObjectStore({ port: 0, directory: folder, bucket: 'one' });
    for (const bucket of ['one', 'two']) {
      await expect(startObjectStore({ port: 0, directory: folder, bucket })).rejects.toThrow(
        `${folder} is in use by an object store (process ${process.pid}, port ${new URL(first.endpoint).port})`,
      );
    }
    await first.close();
    const again = await startObjectStore({ port: 0, directory: folder, bucket: 'one' });
    await again.close();
  });
});

/** What only a mount shows: needs Linux with util-linux, as root or with user namespaces. */
describe('the lock of a mounted folder', () => {
  const mounts = findMounts();
  if (mounts === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }
  /**
   * Runs a shell script in a mount namespace. Its command `hold PATH` tries to lock the folder and prints the result.
   */
  const among = async (script: string) => {
    const hold = 'hold() { timeout 20 "$NODE" "$@" | head -n 1; }\n';
    const [program, ...args] = mounts;
    const env = { ...process.env, NODE: process.execPath, HOLD, F: folder };
    const text = hold.replace('"$@"', '--no-warnings --input-type=module --eval "$HOLD" "$1"') + script;
    const { stdout } = await promisify(execFile)(program, [...args, 'sh', '-c', text], { env });
    return stdout.trim().split('\n');
  };

  it('is the same at the other end of a bind mount', async () => {
    await mkdir(join(folder, 'there'));
    const { child } = await holdInAnotherProcess(folder);
    expect(await among('mkdir /tmp/b$$; mount --bind "$F" "$F/there"; hold "$F/there"')).toEqual([
      `${folder}/there is in use by process ${child.pid}: end that process, or choose another.`,
    ]);
  });

  it('is refused in one sentence where nothing can be written', async () => {
    expect(
      await among(
        'mount -t tmpfs none "$F"; mkdir "$F/a"; mount -o remount,ro "$F"; hold "$F/a"; hold "$F/b"',
      ),
    ).toEqual(
      ['a', 'b'].map(
        (name) => `${folder}/${name} cannot be written (its file system is read-only): choose another.`,
      ),
    );
  });

  it('is refused in one sentence where the disk is full', async () => {
    expect(
      await among(
        'mount -t tmpfs -o size=64k none "$F"; mkdir "$F/a"; cat /dev/zero >"$F/fill" 2>/dev/null; hold "$F/a"',
      ),
    ).toEqual([`${folder}/a cannot be written (the disk is full): choose another.`]);
  });
});
