import { createServer } from 'node:net';

/** A port that must be free, and its setting. */
export interface WantedPort {
  readonly port: number;
  readonly setting: string;
  readonly host: string;
}

/**
 * Checks every port before a server is started.
 * @throws Error with one sentence for each port that is taken or used twice, or with one about `LISTEN_HOST`
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  const faults: string[] = [];
  for (const [index, { port, setting, host }] of wanted.entries()) {
    const twin = wanted.slice(0, index).find((other) => other.port === port);
    if (twin !== undefined) {
      faults.push(`${setting} and ${twin.setting} are both ${port}: give one of them another port.`);
      continue;
    }
    const code = await whyNot(port, host);
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      faults.push(`Port ${port} is taken: stop what uses it, or choose another port with ${setting}.`);
    } else if (code !== undefined) {
      throw new Error(`LISTEN_HOST is "${host}", where this machine cannot listen (${code}).`);
    }
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** The error code of a port on which a server cannot listen; undefined when it can. */
async function whyNot(port: number, host: string): Promise<string | undefined> {
  const own = await tryListen(port, host);
  if (own !== undefined || host !== '127.0.0.1') return own;
  // `localhost` may mean ::1 to the caller: a program that listens there would get the calls.
  const twin = await tryListen(port, '::1');
  return twin === 'EADDRINUSE' || twin === 'EACCES' ? twin : undefined;
}

/** The error code of listening once; undefined when it worked. */
function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
