/** Keeps the gateway of this machine from giving answers that the one on AWS does not give. */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/**
 * serverless-offline allows every origin that asks, with credentials, and hapi below it cuts an answer down to the
 * range asked for; no setting says otherwise. Both look at the parsed headers; the functions are given the raw ones,
 * and so still know the origin.
 */
export function leaveAnswersToTheService(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    delete request.headers.origin;
    delete request.headers.range;
  });
}
