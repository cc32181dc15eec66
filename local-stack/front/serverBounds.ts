/** Limits of a local server: connections, and the time that a client has to send a request. */
import type { Server } from 'node:http';

const CONNECTIONS_MAX = 1_000;
/** Header fields arrive at once, and a body of 16 KiB soon after. */
const HEAD_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** Sets the limits. Connections beyond them are closed. */
export function boundServer(server: Server): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
}
