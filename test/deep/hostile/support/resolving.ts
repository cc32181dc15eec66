/** Names, their addresses, and a site under these names. */
import type { ResolvedAddress } from '../../../../lib/web/guard/resolve.ts';
import { answer, PRIVATE_ADDRESS, PUBLIC_ADDRESS, pathOf, type Respond } from '../../../lib/web/rawServer.ts';
import { pngOf } from '../../../support/pictures.ts';

export const resolved = (address: string): ResolvedAddress => ({
  address,
  family: address.includes(':') ? 6 : 4,
});
export const PUBLIC = resolved(PUBLIC_ADDRESS);
export const PRIVATE = resolved(PRIVATE_ADDRESS);

/** Responses of a site: the page at `/page`, a picture for every other path, and a new connection for each. */
export const siteOf =
  (page: string): Respond =>
  (socket, head) =>
    socket.end(
      pathOf(head).startsWith('/page')
        ? answer(200, { 'Content-Type': 'text/html', Connection: 'close' }, page)
        : answer(200, { 'Content-Type': 'image/png', Connection: 'close' }, pngOf(3)),
    );

/** The codes of the skipped lines in a response. */
export const codesOf = (skipped: unknown) =>
  (skipped as readonly { readonly code: string }[]).map(({ code }) => code);
