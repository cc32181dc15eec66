/** Locks a folder, so that only one process uses it at a time. */
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explainFolder } from '../../lib/folderFaults.ts';

export interface FolderUse {
  /** What a user calls the process: `npm start (process 4711, API on port 8080)`. */
  readonly holder: string;
  /** The user's next step: `choose another folder with LOCAL_DATA`. */
  readonly remedy: string;
}

export interface FolderLock {
  release(): void;
}

const LOCK_FILE = 'lock';
/** Names the holder. A separate file: closing a file would end all POSIX locks of the process on it, SQLite's too. */
const HOLDER_FILE = 'lock.txt';
/** `isLocked` of another process holds the lock for less than a millisecond. */
const BUSY_TIMEOUT_MS = 200;
/** SQLITE_BUSY, https://www.sqlite.org/rescode.html */
const BUSY = 5;

/** Keeps the databases from garbage collection, which would close them and end their locks. */
const held = new Set<DatabaseSync>();

/**
 * A lock on a folder, which is created if need be. It lasts until `release` or the end of the process.
 *
 * Node has no file locks, so SQLite's are used: fcntl on POSIX, LockFileEx on Windows. The kernel ends them with the
 * process, even after SIGKILL, and they hold for every path to the file. Nothing is written to the database.
 * @throws Error with one sentence when another process has the folder, or when it cannot be written
 */
export function lockFolder(folder: string, { holder, remedy }: FolderUse): FolderLock {
  try {
    makeFolder(folder);
    closeSync(openSync(join(folder, HOLDER_FILE), 'a'));
  } catch (error) {
    throw explainFolder(folder, error, remedy);
  }
  const database = openExclusively(folder, remedy);
  held.add(database);
  const release = () => {
    if (held.delete(database)) database.close();
  };
  try {
    writeFileSync(join(folder, HOLDER_FILE), `${holder}\n`);
  } catch (error) {
    release();
    throw explainFolder(folder, error, remedy);
  }
  return { release };
}

/** Whether a process has locked the folder; null when it was never locked, or the lock cannot be read. */
export function isLocked(folder: string): boolean | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, LOCK_FILE), { readOnly: true });
    database.exec('SELECT 1 FROM sqlite_schema');
    return false;
  } catch (error) {
    return isBusy(error) ? true : null;
  } finally {
    database?.close();
  }
}

/** Creates the folder. On a read-only file system, Node's `recursive` would report ENOENT. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(folder) !== folder) {
      makeFolder(dirname(folder));
      mkdirSync(folder);
    } else if (code !== 'EEXIST' || !statSync(folder).isDirectory()) {
      throw error;
    }
  }
}

function openExclusively(folder: string, remedy: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, LOCK_FILE));
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error))
      throw new Error(`${folder} is in use by ${holderOf(folder)}: end that process, or ${remedy}.`);
    const { message } = error as Error;
    throw new Error(`${folder} cannot be locked (${message}): ${remedy}.`, { cause: error });
  }
}

function isBusy(error: unknown): boolean {
  return (error as { readonly errcode?: unknown }).errcode === BUSY;
}

function holderOf(folder: string): string {
  try {
    return readFileSync(join(folder, HOLDER_FILE), 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
}
