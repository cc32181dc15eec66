/**
 * Decides whether a request to a server of this machine may come from a web page. A page of another origin can send
 * requests to it, and by DNS rebinding it can also read the responses: its own name then leads to this machine.
 * Programs other than browsers send neither `Origin` nor `Sec-Fetch-Site` and name the server as it is named.
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
  /** Further names of the server, as `hostnameOf` spells them. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may send requests. */
  readonly corsOrigins?: CorsOrigins;
  /** Pages of other origins may show its pictures: the object store's, which the console shows. */
  readonly isShownElsewhere?: boolean;
}

/** Returns the refusal of a request, null for a request that may pass. */
export type RequestGuard = (head: RequestHead) => Problem | null;

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/** A name has at most 253 characters (RFC 1035 section 2.3.4); nothing longer is parsed. */
const AUTHORITY_MAX_LENGTH = 300;

/** A host with or without a port (RFC 9112 section 3.2); everything else of a URL is excluded. */
const AUTHORITY = /^(?:\[[^\]]*\]|[^\s/?#@\\:[\]]+)(?::\d{0,5})?$/;

/**
 * Makes the guard of one server. It answers `HOST_UNKNOWN` for a host that is not one of the server's names, and
 * `ORIGIN_FORBIDDEN` for a page of another origin that `corsOrigins` does not name.
 */
export function createRequestGuard(options: GuardOptions): RequestGuard {
  const { host, allowedHosts = [], corsOrigins = [], isShownElsewhere = false } = options;
  const ownName = hostnameOf(bracketed(host)) ?? host;
  const names = new Set([...LOOPBACK_NAMES, ownName, ...allowedHosts]);
  // A server on every address has addresses that it does not know, such as those of a container's host. A page
  // cannot make use of it: DNS rebinding needs a name.
  const isOnAllAddresses = WILDCARDS.has(ownName);
  const isOwn = (authority: string) => {
    const name = hostnameOf(authority);
    return name !== null && (names.has(name) || (isOnAllAddresses && isAddress(name)));
  };
  return (head) => {
    const hosts = valuesOf(head, 'host');
    // Absent in HTTP/1.0 alone, which no browser speaks.
    if (hosts.length > 1 || ![...hosts, ...targetAuthority(head)].every(isOwn)) return hostUnknown();
    return isForeign(head, hosts[0], corsOrigins) && !isHarmless(head, isShownElsewhere)
      ? originForbidden()
      : null;
  };
}

/**
 * The hostname of `host[:port]` as the URL parser spells it, without a trailing dot or an IPv6 zone; null when it is
 * not well-formed.
 */
export function hostnameOf(authority: string): string | null {
  if (authority.length > AUTHORITY_MAX_LENGTH) return null;
  const plain = authority.replace(/^(\[[^\]%]*)%[^\]]*\]/, '$1]');
  if (!AUTHORITY.test(plain)) return null;
  return URL.parse(`http://${plain}/`)?.hostname.replace(/\.$/, '') || null;
}

const bracketed = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

const isAddress = (hostname: string) => isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;

/** The authority of an absolute-form target (RFC 9112 section 3.2.2), which stands above `Host`. */
function targetAuthority({ url = '' }: RequestHead): readonly string[] {
  const [, authority] = /^[a-z][a-z\d+.-]*:[/\\]*([^/?#\\]*)/i.exec(url) ?? [];
  return authority === undefined ? [] : [authority];
}

/** A browser says that a page of another origin sends this request. */
function isForeign(head: RequestHead, host: string | undefined, corsOrigins: CorsOrigins): boolean {
  const origins = valuesOf(head, 'origin');
  if (corsOrigins === '*') return false;
  if (origins.length === 1 && corsOrigins.includes(origins[0] ?? '')) return false;
  if (!origins.every((origin) => isSameOrigin(origin, host))) return true;
  // `same-site` too: any program of this machine may have a page at another port.
  return !valuesOf(head, 'sec-fetch-site').every((site) => site === 'same-origin' || site === 'none');
}

/** `null` is the origin of a sandboxed frame or a local file, and never the same. */
function isSameOrigin(origin: string, host = ''): boolean {
  const url = origin.length > AUTHORITY_MAX_LENGTH ? null : URL.parse(origin);
  if (url === null || !/^https?:$/.test(url.protocol) || !AUTHORITY.test(host)) return false;
  return URL.parse(`${url.protocol}//${host}/`)?.host === url.host;
}

/**
 * A link that a person follows from another site, or a picture that another page shows: neither changes anything, and
 * the page cannot read the response.
 */
function isHarmless(head: RequestHead, isShownElsewhere: boolean): boolean {
  if (head.method !== 'GET' && head.method !== 'HEAD') return false;
  if (valuesOf(head, 'origin').length > 0) return false;
  const mode = valuesOf(head, 'sec-fetch-mode').join();
  const destination = valuesOf(head, 'sec-fetch-dest').join();
  if (mode === 'navigate') return destination === 'document';
  return isShownElsewhere && mode === 'no-cors' && destination === 'image';
}

/** Every value of a field, one for each line that has it. */
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
