/** Reads one URL from the web: the address policy on every hop, redirects by hand, limits, one deadline. */

import { createFairSemaphore, type FairSemaphore } from '../concurrency/fairSemaphore.ts';
import { systemClock } from '../concurrency/waiting.ts';
import type { FetchConfig } from '../config.ts';
import type { Clock, Cookie, Web, WebRequest, WebResult } from '../domain/ports.ts';
import { collectBody } from './collectBody.ts';
import { cookieHeader, keepCookies } from './cookies.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { createDecoders, type Decoders, decodeBody, isIdentity } from './decodeBody.ts';
import type { WebResponse } from './exchange.ts';
import { type FaultError, failure, faultError, isFaultError } from './faults.ts';
import { type AddressClass, addressClass } from './guard/addressPolicy.ts';
import { createGuardedDial } from './guard/guardedDial.ts';
import { createHostPolicy, effectivePort, type HostPolicy } from './guard/hostPolicy.ts';
import { createOwnEndpoints } from './guard/ownEndpoints.ts';
import type { Resolve } from './guard/resolve.ts';
import { createResolve } from './guard/resolveNames.ts';
import { isWebUrl, redirectOf } from './redirects.ts';
import { refererOf } from './referrer.ts';
import { requestHeaders } from './requestHeaders.ts';
import { delayAfterError, delayAfterResponse } from './retryDelay.ts';
import { createTransport, type Transport } from './transport.ts';
import { conditionFor, validatorsOf } from './validators.ts';

/** What tests on loopback replace. No setting reaches these. */
export interface WebParts {
  readonly resolve?: Resolve;
  readonly classify?: (address: string) => AddressClass;
  readonly clock?: Clock;
}

interface Reading {
  readonly request: WebRequest;
  readonly caller: string;
  readonly config: FetchConfig;
  readonly policy: HostPolicy;
  readonly transport: Transport;
  /** Connections or streams, by origin. A reading holds one at most, so that none waits for another. */
  readonly permits: FairSemaphore;
  readonly decoders: Decoders;
  readonly cookies: Cookie[];
  readonly clock: Clock;
  readonly deadline: Deadline;
}

/** Connections are kept and shared between readings; `close` ends all of them, and readings that are under way. */
export function createWeb(config: FetchConfig, parts: WebParts = {}): Web & { close(): Promise<void> } {
  const clock = parts.clock ?? systemClock;
  const ownNames = [...config.allowHosts, ...config.ownEndpoints].map(({ hostname }) => hostname);
  const resolve = parts.resolve ?? createResolve({ ownNames, patienceMs: config.connectTimeoutMs });
  const policy = createHostPolicy(config, parts.classify ?? addressClass);
  const isOwnEndpoint = createOwnEndpoints(config.ownEndpoints, { resolve, elapsed: clock.elapsed });
  const guard = createGuardedDial({
    policy,
    resolve,
    isOwnEndpoint,
    connectTimeoutMs: config.connectTimeoutMs,
  });
  const { connectionsPerHost, streamsPerHost, connectionsMax } = config;
  const transport = createTransport({
    guard,
    connectionsPerHost,
    streamsPerHost,
    elapsed: clock.elapsed,
    onWider: (origin) => permits.serve(origin),
  });
  const permits = createFairSemaphore({
    perKey: transport.widthOf,
    perOwner: connectionsMax,
    isOneFor: transport.isShared,
  });
  let readings = 0;
  const decoders = createDecoders();

  return {
    refusalOf: (url) => (isForbidden(policy, url) ? failure(faultError('forbidden')) : null),
    async read(request) {
      const timeoutMs = request.kind === 'image' ? config.imageTimeoutMs : config.pageTimeoutMs;
      const deadline = startDeadline(timeoutMs, request.signal, clock);
      try {
        readings += 1;
        const caller = request.caller ?? `reading ${readings}`;
        return await follow({
          request,
          caller,
          config,
          policy,
          transport,
          permits,
          decoders,
          cookies: cookiesOf(request),
          clock,
          deadline,
        });
      } catch (error) {
        if (isFaultError(error)) return failure(error);
        throw error;
      } finally {
        deadline.clear();
      }
    },
    close: () => transport.close(),
  };
}

/** Whatever its name may resolve to. */
function isForbidden(policy: HostPolicy, url: URL): boolean {
  return !isWebUrl(url) || policy.reachOf(url.hostname, effectivePort(url.protocol, url.port)) === null;
}

/** A page's are those of the call; what an image or a stylesheet sets lives for its own reading. */
function cookiesOf({ kind, cookies = [] }: WebRequest): Cookie[] {
  return kind === 'page' ? cookies : [...cookies];
}

/** Every way in which this fails is a fault error. */
async function follow(reading: Reading): Promise<WebResult> {
  let url = new URL(reading.request.url);
  url.hash = '';
  const attempts = { left: 2 };

  for (let redirects = 0; ; redirects += 1) {
    const response = await ask(reading, url, attempts);
    try {
      const next = redirectOf(response, url);
      if (next === null) return await readResponse(reading, url, response);
      if (redirects >= reading.config.redirectsMax) throw faultError('redirects');
      url = next;
    } finally {
      response.discard();
    }
  }
}

/** A server that refuses every request is not asked for ever. */
const RESENDS_MAX = 2;

/** The answer of one hop; one hop of a reading may be asked twice, and what no server has processed again at once. */
async function ask(reading: Reading, url: URL, attempts: { left: number }): Promise<WebResponse> {
  const { request, caller, config, policy, transport, permits, cookies, clock, deadline } = reading;
  if (isForbidden(policy, url)) throw faultError('forbidden');

  let fault: FaultError | undefined;
  for (let resends = 0; ; ) {
    let delayMs: number | null;
    // The transport has a connection for each permit, or a stream: no request ever queues there.
    const onOver = await deadline.untimed(permits.acquire(url.origin, caller, deadline.signal));
    try {
      const headers = requestHeaders(
        {
          kind: request.kind,
          referer: refererOf(request.referrer, url),
          cookie: cookieHeader(cookies, url, clock.now()),
          condition: conditionFor(request.validators, url),
        },
        config,
      );
      const response = await transport.get({ url, headers, signal: deadline.signal, onOver }, fault?.again);
      keepCookies(cookies, url, response.lines('set-cookie'), clock.now());
      delayMs = attempts.left > 1 ? delayAfterResponse(response, clock.now(), deadline.remainingMs()) : null;
      if (delayMs === null) return response;
      response.discard();
      fault = undefined;
    } catch (error) {
      // A server that speaks HTTP/2 alone has no other HTTP.
      if (fault?.again === 'http1' && isFaultError(error) && error.again === 'anew') throw fault;
      fault = isFaultError(error) ? error : undefined;
      if (fault?.again !== undefined && resends < RESENDS_MAX) {
        resends += 1;
        continue;
      }
      delayMs = attempts.left > 1 ? delayAfterError(error, deadline.remainingMs()) : null;
      if (delayMs === null) throw error;
    }
    attempts.left -= 1;
    await deadline.wait(delayMs);
  }
}

interface Body {
  readonly pieces: AsyncIterable<Buffer>;
  /** What cut it off, once all pieces were read. */
  cut(): FaultError | undefined;
}

const uncut = (pieces: AsyncIterable<Buffer>): Body => ({ pieces, cut: () => undefined });

/**
 * A body without a declared length that ends where the connection was cut. Some servers close every connection in this
 * way. An image's format shows whether it is whole; the text of a page or stylesheet does not.
 */
function untilCut(body: AsyncIterable<Buffer>): Body {
  let cut: FaultError | undefined;
  const pieces = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* body;
    } catch (error) {
      if (!isFaultError(error) || error.fault !== 'truncated') throw error;
      cut = error;
    }
  };
  return { pieces: pieces(), cut: () => cut };
}

/** Statuses whose body is the whole resource (RFC 9110 section 15.3): as requested, created, or changed by a proxy. */
const WHOLE: ReadonlySet<number> = new Set([200, 201, 203]);

/** The length of a 206 whose one range is all there is (RFC 9110 section 14.4), as encoded; null for any other. */
function rangeOf({ status, header, framing: { length } }: WebResponse): number | null {
  if (status !== 206) return null;
  const [, last, total] =
    /^bytes 0-(\d{1,15})\/(\d{1,15})$/i.exec(header('content-range')?.trim() ?? '') ?? [];
  const isWhole = last !== undefined && Number(last) + 1 === Number(total);
  return isWhole && (length === 0 || length === Number(total)) ? Number(total) : null;
}

async function* ofLength(body: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length;
  for await (const piece of body) {
    left -= piece.length;
    yield piece;
  }
  if (left !== 0) throw faultError('truncated');
}

async function readResponse(
  { request, caller, decoders, deadline }: Reading,
  url: URL,
  response: WebResponse,
): Promise<WebResult> {
  const { status, header, framing } = response;
  if (status === 304 && request.validators !== undefined && conditionFor(request.validators, url) !== null) {
    const validators = validatorsOf(url, response, request.validators) ?? request.validators;
    return { kind: 'notModified', finalUrl: url, validators };
  }
  const { isDelimited, length } = framing;
  const total = rangeOf(response);
  if (!WHOLE.has(status) && total === null) throw faultError('status', { status });
  const contentType = header('content-type');
  const contentEncoding = header('content-encoding');
  const announcedBytes = isIdentity(contentEncoding) ? length : 0;
  const { maxBytes, announcedMaxBytes = Number.POSITIVE_INFINITY } = request;
  if (announcedBytes > (typeof maxBytes === 'number' ? maxBytes : announcedMaxBytes)) {
    throw faultError('tooLarge');
  }
  const { room } = request;
  const decoding = {
    decoders,
    caller,
    signal: deadline.signal,
    maxBytes: typeof maxBytes === 'number' ? maxBytes : announcedMaxBytes,
    isDelimited,
    untimed: deadline.untimed,
    ...(room && { room: (count: number) => deadline.orEnd(room(count)) }),
  };
  const sent = total === null ? response.body : ofLength(response.body, total);
  const body = isDelimited || request.kind !== 'image' ? uncut(sent) : untilCut(sent);
  const bytes = await collectBody(decodeBody(body.pieces, contentEncoding, decoding), {
    maxBytes,
    onBytes: request.onBytes,
    contentType,
    announcedBytes,
    orEnd: deadline.orEnd,
  }).catch((error) => {
    // What could not be decoded after a cut was cut.
    throw body.cut() ?? error;
  });
  const validators = validatorsOf(url, response);
  return {
    kind: 'read',
    finalUrl: url,
    contentType,
    bytes,
    isDelimited,
    ...(validators !== undefined && { validators }),
  };
}
