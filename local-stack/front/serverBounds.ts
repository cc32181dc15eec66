/** What one client can hold of a server on this machine: connections, and time to send a request. */
import type { Server } from 'node:http';

const CONNECTIONS_MAX = 1_000;
/** A head comes at once, a body of 16 KiB soon after. */
const HEAD_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** Sets the bounds. A connection beyond them is closed. */
export function boundServer(server: Server): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
}
