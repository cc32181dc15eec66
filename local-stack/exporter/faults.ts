/** Failures as one sentence each. */

interface Place {
  readonly what: 'UDP' | 'TCP' | 'HTTP';
  readonly host: string;
  readonly port: number;
  readonly flag: string;
}

/** By the error codes of the operating system. */
export function explainListening(error: unknown, { what, host, port, flag }: Place): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `The ${what} port ${port} on ${host} is taken by another program: choose another with ${flag}.`,
    EACCES: `The ${what} port ${port} on ${host} may not be opened by this user: choose one above 1023 with ${flag}.`,
    EADDRNOTAVAIL: `This machine does not have the address ${host}: choose another with --host.`,
    ENOTFOUND: `The host ${host} is not known: choose another with --host.`,
  };
  return new Error(sentences[code] ?? `The ${what} port ${port} on ${host} cannot be opened: ${code}.`, {
    cause: error,
  });
}

/** What a write to standard output failed with; null when its reader has gone, as `head` does. */
export function explainWriting(error: Error): Error | null {
  const code = 'code' in error ? String(error.code) : error.message;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return null;
  const why = code === 'ENOSPC' ? 'the disk is full' : code;
  return new Error(`The metrics cannot be written to standard output: ${why}.`, { cause: error });
}
