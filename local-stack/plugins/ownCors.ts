/** Keeps serverless-offline from answering for the service who may read its answers from a browser. */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/**
 * serverless-offline allows every origin that asks, with credentials, and no setting of it says otherwise: a page
 * could read here what it cannot read on AWS. It asks the parsed headers whether there is an origin; the functions
 * are given the raw ones.
 */
export function leaveCorsToTheService(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    delete request.headers.origin;
  });
}
