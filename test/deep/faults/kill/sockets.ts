import type { Server, Socket } from 'node:net';

/** Resolves when no client is connected: whatever a killed one sent has been read by then. */
export function watchSockets(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    });
  });
  return async () => {
    if (sockets.size > 0) await new Promise<void>((resolve) => waiting.add(resolve));
  };
}
