import { createServer } from 'node:net';

/** A port that must be free, and the setting that chooses it. */
export interface WantedPort {
  readonly port: number;
  readonly setting: string;
  readonly host: string;
}

/**
 * Checks every port before anything is started.
 * @throws Error with one sentence for each port that is taken, or asked for twice.
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  const faults: string[] = [];
  for (const [index, { port, setting, host }] of wanted.entries()) {
    const twin = wanted.slice(0, index).find((other) => other.port === port);
    if (twin !== undefined) {
      faults.push(`${setting} and ${twin.setting} are both ${port}: give one of them another port.`);
    } else if (await isTaken(port, host)) {
      faults.push(`Port ${port} is taken: stop what uses it, or choose another port with ${setting}.`);
    }
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

async function isTaken(port: number, host: string): Promise<boolean> {
  // `localhost` may mean ::1 to the caller: whoever listens there would get the calls that are meant for us.
  const hosts = host === '127.0.0.1' ? [host, '::1'] : [host];
  const codes = await Promise.all(hosts.map((each) => tryListen(port, each)));
  return codes.includes('EADDRINUSE') || codes.includes('EACCES');
}

/** The error code, or undefined when it could be listened on. */
function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
