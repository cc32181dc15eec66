/** The abort reason when a user ended the stack. Any other reason is a failure. */
export const ASKED = 'asked to end';

const PARENT_POLL_MS = 500;

/** Aborts `end` on Ctrl-C, SIGTERM and SIGHUP, when the parent has died, and (with the error) on a bug. */
export function watchForEnd(end: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort(ASKED));
  // Node emits this for unhandled rejections too.
  process.on('uncaughtException', (error) => end.abort(error));
  // The reader of the output is gone. Without a listener, the next line would end the process before its cleanup.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end.abort(ASKED));
  // A parent that was killed cannot pass a signal on.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end.abort(ASKED);
  }, PARENT_POLL_MS).unref();
}
