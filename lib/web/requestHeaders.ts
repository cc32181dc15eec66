/** What a request says about itself. No cookies, no credentials, ever. */
import type { WebRequest } from '../ports.ts';
import { HAS_ZSTD } from './contentCodings.ts';

/** Honest, so that a site's owner can see and refuse us. */
export const USER_AGENT =
  'ImageProcessingApi/0.1 (reads a page and its images once, when a user asks for it)';

/** As browsers ask over TLS and over TCP alike; deflate has two meanings, and nobody needs it. */
const ENCODINGS = HAS_ZSTD ? 'gzip, br, zstd' : 'gzip, br';

const BY_KIND: Readonly<Record<WebRequest['kind'], Readonly<Record<string, string>>>> = {
  page: {
    accept: 'text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.8',
    'accept-encoding': ENCODINGS,
  },
  stylesheet: { accept: 'text/css,*/*;q=0.1', 'accept-encoding': ENCODINGS },
  // Images are compressed already, and without a coding Content-Length says their size beforehand.
  image: {
    accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    'accept-encoding': 'identity',
  },
};

export function requestHeaders(
  kind: WebRequest['kind'],
  referer: string | undefined,
  condition: Readonly<Record<string, string>> | null,
): Readonly<Record<string, string>> {
  return {
    'user-agent': USER_AGENT,
    ...BY_KIND[kind],
    ...(referer !== undefined && { referer }),
    ...condition,
  };
}
