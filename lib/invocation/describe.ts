/** Texts about a failure for the log; callers never get them. */

/** The stack of the error and of each of its causes; undefined when there is no error. */
export function describe(error: unknown): string | undefined {
  if (!(error instanceof Error)) return messageOf(error);
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\ncaused by ${describe(error.cause)}`;
}

/** The error's message; undefined when there is no error. */
export function messageOf(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  return error instanceof Error ? error.message : String(error);
}
