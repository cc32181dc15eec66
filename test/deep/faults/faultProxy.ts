/** A TCP proxy on loopback, whose present and future connections a test can cut, hold, slow down or reset. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type LineFault =
  | 'pass'
  /** Connections are accepted and kept open, but no data pass in either direction. */
  | 'hang'
  /** Open connections are reset at once, and new ones on arrival. */
  | 'reset'
  /** Nothing listens, and open connections are reset. */
  | 'refuse'
  /** The target gets all data, but none of its data arrive. */
  | 'halfOpen'
  /** All data are delayed, in both directions. */
  | { readonly delayMs: number }
  /** A connection is reset once the target has sent this many bytes on it. */
  | { readonly resetAfterBytes: number };

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  accepted(): number;
  /** Sets the fault, also for open connections. Those that the previous fault harmed are reset. Resolves when done. */
  set(fault: LineFault): Promise<void>;
}

interface Line {
  readonly client: Socket;
  readonly target: Socket;
  answered: number;
  /** Data were lost or held on this connection, so later data must not pass. */
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
      // The reset must not overtake data that may pass.
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
      // After a gap, a response on this connection could belong to another request.
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
