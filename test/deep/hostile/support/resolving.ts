/** Names, what they resolve to, and a site that is found by them. */
import type { ResolvedAddress } from '../../../../lib/web/guard/resolve.ts';
import { answer, PRIVATE_ADDRESS, PUBLIC_ADDRESS, pathOf, type Respond } from '../../../lib/web/rawServer.ts';
import { pngOf } from '../../../support/pictures.ts';

export const resolved = (address: string): ResolvedAddress => ({
  address,
  family: address.includes(':') ? 6 : 4,
});
export const PUBLIC = resolved(PUBLIC_ADDRESS);
export const PRIVATE = resolved(PRIVATE_ADDRESS);

/** A page of the given body at `/page`, a picture everywhere else; every answer on a connection of its own. */
export const siteOf =
  (page: string): Respond =>
  (socket, head) =>
    socket.end(
      pathOf(head).startsWith('/page')
        ? answer(200, { 'Content-Type': 'text/html', Connection: 'close' }, page)
        : answer(200, { 'Content-Type': 'image/png', Connection: 'close' }, pngOf(3)),
    );

/** Of the skipped lines of an answer. */
export const codesOf = (skipped: unknown) =>
  (skipped as readonly { readonly code: string }[]).map(({ code }) => code);
