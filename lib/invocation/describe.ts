/** What a failure was, in words for the log: never for a caller. */

/** Every error down the chain of causes, with its stack. */
export function describe(error: unknown): string | undefined {
  if (!(error instanceof Error)) return messageOf(error);
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\ncaused by ${describe(error.cause)}`;
}

export function messageOf(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  return error instanceof Error ? error.message : String(error);
}
