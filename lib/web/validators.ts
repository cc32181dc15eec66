/** Conditional requests: RFC 9110 section 13. */
import { URL_MAX_CHARS, type Validators } from '../domain/model.ts';
import type { WebResponse } from './exchange.ts';

/** A validator comes back from a server and goes into a later request, so only what a header can carry is kept. */
const SENDABLE = /^[\x21-\x7e]([\x20-\x7e]{0,510}[\x21-\x7e])?$/;

/** The conditional fields of the request to `url`; null unless the validators are of that URL and can be sent. */
export function conditionFor(
  validators: Validators | undefined,
  url: URL,
): Readonly<Record<string, string>> | null {
  if (validators === undefined || withoutFragment(validators.url) !== url.href) return null;
  const etag = sendable(validators.etag);
  const lastModified = sendable(validators.lastModified);
  if (etag === undefined && lastModified === undefined) return null;
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  };
}

/** What `answer` says about `url`, and for what it does not say (a 304) what was known; undefined without either. */
export function validatorsOf(url: URL, response: WebResponse, known?: Validators): Validators | undefined {
  const etag = sendable(response.header('etag')) ?? known?.etag;
  const lastModified = sendable(response.header('last-modified')) ?? known?.lastModified;
  // A redirect to a longer URL must not make a record grow without end.
  if ((etag === undefined && lastModified === undefined) || url.href.length > URL_MAX_CHARS) return undefined;
  return {
    url: url.href,
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  };
}

function sendable(value: string | undefined): string | undefined {
  return value !== undefined && SENDABLE.test(value) ? value : undefined;
}

function withoutFragment(href: string): string {
  const [whole = href] = href.split('#', 1);
  return whole;
}
