/** The reason of an end that somebody asked for; any other reason is a failure. */
export const ASKED = 'asked to end';

const PARENT_POLL_MS = 500;

/** Aborts `end` on Ctrl-C, SIGTERM, SIGHUP, when the parent has died, and (with the error) on a bug. */
export function watchForEnd(end: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort(ASKED));
  // Unhandled rejections come here too.
  process.on('uncaughtException', (error) => end.abort(error));
  // Whoever read the output is gone; without a listener the next line would end the process half way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end.abort(ASKED));
  // A parent that was killed cannot pass a signal on.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end.abort(ASKED);
  }, PARENT_POLL_MS).unref();
}
