/** A folder that one process at a time may work in. */
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explainFolder } from '../../lib/folderFaults.ts';

export interface FolderUse {
  /** The process as a user knows it: `npm start (process 4711, API on port 8080)`. */
  readonly holder: string;
  /** How a user takes another folder: `choose another folder with LOCAL_DATA`. */
  readonly remedy: string;
}

export interface FolderLock {
  release(): void;
}

const LOCK_FILE = 'lock';
/** A file of its own: a process that closes a file loses its POSIX locks on it, SQLite's included. */
const HOLDER_FILE = 'lock.txt';
/** A look at the lock (`isLocked`) holds it for less than a millisecond. */
const BUSY_TIMEOUT_MS = 200;
/** SQLITE_BUSY, https://www.sqlite.org/rescode.html */
const BUSY = 5;

/** A database that the collector finds is closed, and its lock ends. */
const held = new Set<DatabaseSync>();

/**
 * Locks a folder until `release` or the end of the process; makes it when it is not there.
 *
 * Node has no file locks, SQLite has: fcntl on POSIX, LockFileEx on Windows. The kernel ends them with the process,
 * also after SIGKILL, and knows the file itself, whatever path leads to it. Nothing is ever written to the database.
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

/** Whether a process has the folder locked; null where nothing was ever locked, or the lock cannot be read. */
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

/** On a read-only file system the `recursive` of Node reports ENOENT. */
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
