/** A TCP proxy on loopback whose line a test can cut, hold, slow down or reset, for what is open and what comes. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type LineFault =
  | 'pass'
  /** Connections are accepted and kept; nothing gets through, in neither direction, and nobody hears of it. */
  | 'hang'
  /** What is open is reset at once, what comes is reset on arrival. */
  | 'reset'
  /** Nothing listens any more; what is open is reset. */
  | 'refuse'
  /** What the target sends never arrives, though it does what it is told. */
  | 'halfOpen'
  /** Every piece is held up so long, in both directions. */
  | { readonly delayMs: number }
  /** Every connection is reset once the target has sent so many bytes on it. */
  | { readonly resetAfterBytes: number };

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  accepted(): number;
  /** From now on, for open connections too; those that the fault before it harmed are reset. Resolves when it holds. */
  set(fault: LineFault): Promise<void>;
}

interface Line {
  readonly client: Socket;
  readonly target: Socket;
  answered: number;
  /** Something of it was lost or held up: no network gives what follows before that. */
  isSpoiled: boolean;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const lines = new Set<Line>();
  let fault: LineFault = 'pass';
  let accepted = 0;

  const cut = (line: Line) => {
    lines.delete(line);
    line.client.resetAndDestroy();
    line.target.destroy();
  };

  const onConnection = (client: Socket) => {
    accepted += 1;
    client.on('error', () => undefined);
    if (fault === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    const line: Line = { client, target, answered: 0, isSpoiled: false };
    lines.add(line);
    target.on('error', () => cut(line));
    client.on('close', () => cut(line));
    target.on('close', () => {
      if (fault !== 'hang' && fault !== 'halfOpen') cut(line);
    });
    client.on('data', (data) => carry(line, data, target));
    target.on('data', (data) => {
      if (fault === 'halfOpen') {
        line.isSpoiled = true;
        return;
      }
      const room = typeof fault === 'object' && 'resetAfterBytes' in fault ? fault.resetAfterBytes : null;
      const rest = room === null ? data : data.subarray(0, Math.max(0, room - line.answered));
      line.answered += data.length;
      if (room === null || line.answered < room) return carry(line, rest, client);
      // The reset must not overtake what was let through.
      client.write(rest, () => cut(line));
    });
  };

  const carry = (line: Line, data: Buffer, to: Socket) => {
    if (fault !== 'pass') line.isSpoiled = true;
    if (fault === 'hang') return;
    if (typeof fault === 'object' && 'delayMs' in fault) {
      // Timers of one length end in the order in which they began.
      setTimeout(() => to.writable && to.write(data), fault.delayMs);
      return;
    }
    if (to.writable) to.write(data);
  };

  let server: Server | null = await listen(onConnection, 0);
  const port = (server.address() as AddressInfo).port;
  const stop = async () => {
    const stopped = server;
    server = null;
    for (const line of lines) cut(line);
    if (stopped !== null) await new Promise((resolve) => stopped.close(resolve));
  };

  return {
    port,
    accepted: () => accepted,
    set: async (next) => {
      // A line that went on after a gap would answer one request with what was meant for another.
      for (const line of lines) if (line.isSpoiled) cut(line);
      fault = next;
      if (next === 'reset') for (const line of lines) cut(line);
      if (next === 'refuse') await stop();
      else server ??= await listen(onConnection, port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function listen(onConnection: (socket: Socket) => void, port: number): Promise<Server> {
  const server = createServer({ noDelay: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
}
