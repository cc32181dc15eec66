/** Explains in one sentence why a folder cannot be written. */

/** Reasons by the error codes of the operating system. */
const REASONS: Readonly<Record<string, string>> = {
  EROFS: 'its file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'a file is in the way',
  ENOTDIR: 'a file is in the way',
  ENOENT: 'a link in its path leads nowhere',
  EISDIR: 'a folder is in the way of a file',
};

/**
 * An error whose message is one sentence about the failure. An error that is not of the file system is returned
 * unchanged.
 * @param remedy the user's next step, without a full stop
 */
export function explainFolder(folder: string, error: unknown, remedy: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  return new Error(`${folder} cannot be written (${REASONS[code] ?? code}): ${remedy}.`, { cause: error });
}
