/** The header of a request. It never has credentials, and its cookies were set during the same call. */
import type { FetchConfig } from '../config.ts';
import type { WebRequest } from '../domain/ports.ts';
import { HAS_ZSTD } from './contentCodings.ts';

/** Honest, so that a site's owner can see and refuse us. */
const PURPOSE = 'reads a page and its images once, when a user asks for it';
export const USER_AGENT = userAgentOf(undefined);

function userAgentOf(contact: string | undefined): string {
  return `ImageProcessingApi/0.1 (${PURPOSE}${contact === undefined ? '' : `; ${contact}`})`;
}

/** What browsers accept over TLS, here over plain TCP too. Not deflate, which has two meanings and is not needed. */
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

export interface RequestFacts {
  readonly kind: WebRequest['kind'];
  readonly referer: string | undefined;
  readonly cookie: string | undefined;
  readonly condition: Readonly<Record<string, string>> | null;
}

export function requestHeaders(
  { kind, referer, cookie, condition }: RequestFacts,
  { acceptLanguage, userAgentContact }: Pick<FetchConfig, 'acceptLanguage' | 'userAgentContact'>,
): Readonly<Record<string, string>> {
  return {
    'user-agent': userAgentOf(userAgentContact),
    ...BY_KIND[kind],
    ...(acceptLanguage !== undefined && { 'accept-language': acceptLanguage }),
    ...(referer !== undefined && { referer }),
    ...(cookie !== undefined && { cookie }),
    ...condition,
  };
}
