/**
 * Protects the servers of this machine against web pages of other origins. Such a page can send requests to them. By
 * DNS rebinding, where its own name leads to this machine, it can also read the responses. Programs other than browsers
 * send neither `Origin` nor `Sec-Fetch-Site`, and use a name of the server.
 */
import { isIP } from 'node:net';
import type { CorsOrigins } from '../../lib/config.ts';
import { Problem } from '../../lib/domain/problem.ts';

/** What the guard reads of a request; an `IncomingMessage` is one. */
export interface RequestHead {
  readonly method?: string | undefined;
  /** The request target, in any of its forms. */
  readonly url?: string | undefined;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
}

export interface GuardOptions {
  /** Where the server listens. */
  readonly host: string;
  /** Further names of the server, as `hostnameOf` returns them. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may send requests. */
  readonly corsOrigins?: CorsOrigins;
  /** Pages of other origins may show its pictures. True for the object store, whose pictures the console shows. */
  readonly isShownElsewhere?: boolean;
}

/** Returns the refusal of a request; null when the request may pass. */
export type RequestGuard = (head: RequestHead) => Problem | null;

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/** A name has at most 253 characters (RFC 1035 section 2.3.4); nothing longer is parsed. */
const AUTHORITY_MAX_LENGTH = 300;

/** A host with or without a port (RFC 9112 section 3.2), and no other part of a URL. */
const AUTHORITY = /^(?:\[[^\]]*\]|[^\s/?#@\\:[\]]+)(?::\d{0,5})?$/;

/**
 * The guard of one server. It returns `HOST_UNKNOWN` for a host that is not a name of the server. For a page of another
 * origin that is not in `corsOrigins`, it returns `ORIGIN_FORBIDDEN`.
 */
export function createRequestGuard(options: GuardOptions): RequestGuard {
  const { host, allowedHosts = [], corsOrigins = [], isShownElsewhere = false } = options;
  const ownName = hostnameOf(bracketed(host)) ?? host;
  const names = new Set([...LOOPBACK_NAMES, ownName, ...allowedHosts]);
  // A server that listens on all addresses does not know all of them, such as those of a container's host. Accepting
  // any address is safe: DNS rebinding needs a name.
  const isOnAllAddresses = WILDCARDS.has(ownName);
  const isOwn = (authority: string) => {
    const name = hostnameOf(authority);
    return name !== null && (names.has(name) || (isOnAllAddresses && isAddress(name)));
  };
  return (head) => {
    const hosts = valuesOf(head, 'host');
    // `Host` may be absent only in HTTP/1.0, which browsers do not use.
    if (hosts.length > 1 || ![...hosts, ...targetAuthority(head)].every(isOwn)) return hostUnknown();
    return isForeign(head, hosts[0], corsOrigins) && !isHarmless(head, isShownElsewhere)
      ? originForbidden()
      : null;
  };
}

/**
 * The hostname of `host[:port]` as the URL parser serialises it, without a trailing dot or IPv6 zone; null when it is
 * malformed.
 */
export function hostnameOf(authority: string): string | null {
  if (authority.length > AUTHORITY_MAX_LENGTH) return null;
  const plain = authority.replace(/^(\[[^\]%]*)%[^\]]*\]/, '$1]');
  if (!AUTHORITY.test(plain)) return null;
  return URL.parse(`http://${plain}/`)?.hostname.replace(/\.$/, '') || null;
}

const bracketed = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

const isAddress = (hostname: string) => isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;

/** The authority of an absolute-form target, which takes precedence over `Host` (RFC 9112 section 3.2.2). */
function targetAuthority({ url = '' }: RequestHead): readonly string[] {
  const [, authority] = /^[a-z][a-z\d+.-]*:[/\\]*([^/?#\\]*)/i.exec(url) ?? [];
  return authority === undefined ? [] : [authority];
}

/** Whether a page of another origin sends this request, according to the browser. */
function isForeign(head: RequestHead, host: string | undefined, corsOrigins: CorsOrigins): boolean {
  const origins = valuesOf(head, 'origin');
  if (corsOrigins === '*') return false;
  if (origins.length === 1 && corsOrigins.includes(origins[0] ?? '')) return false;
  if (!origins.every((origin) => isSameOrigin(origin, host))) return true;
  // `same-site` is foreign too: any program on this machine may serve a page on another port.
  return !valuesOf(head, 'sec-fetch-site').every((site) => site === 'same-origin' || site === 'none');
}

/** Whether the origin is that of the server. False for `null`, the origin of a sandboxed frame or a local file. */
function isSameOrigin(origin: string, host = ''): boolean {
  const url = origin.length > AUTHORITY_MAX_LENGTH ? null : URL.parse(origin);
  if (url === null || !/^https?:$/.test(url.protocol) || !AUTHORITY.test(host)) return false;
  return URL.parse(`${url.protocol}//${host}/`)?.host === url.host;
}

/**
 * Whether the request is a link that a person follows from another site, or a picture that another page shows. Neither
 * changes anything, and the page cannot read the response.
 */
function isHarmless(head: RequestHead, isShownElsewhere: boolean): boolean {
  if (head.method !== 'GET' && head.method !== 'HEAD') return false;
  if (valuesOf(head, 'origin').length > 0) return false;
  const mode = valuesOf(head, 'sec-fetch-mode').join();
  const destination = valuesOf(head, 'sec-fetch-dest').join();
  if (mode === 'navigate') return destination === 'document';
  return isShownElsewhere && mode === 'no-cors' && destination === 'image';
}

/** All values of a field, one for each of its lines. */
function valuesOf({ rawHeaders }: RequestHead, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

const hostUnknown = () =>
  new Problem('HOST_UNKNOWN', {
    detail: 'Use the name localhost, or add this host name to the setting ALLOWED_HOSTS.',
  });

const originForbidden = () =>
  new Problem('ORIGIN_FORBIDDEN', {
    detail: 'Send the request from a page of this server, or add the origin to the setting CORS_ORIGINS.',
  });
