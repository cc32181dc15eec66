/** Whether a response can be S3's. Consoles, proxies and login pages answer too, many of them with a success. */
import { Readable } from 'node:stream';
import { type HttpHandler, isLost } from './connections.ts';
import { type StoreFinding, storeFault } from './problem.ts';

type Handle = HttpHandler['handle'];
type HttpRequest = Parameters<Handle>[0];
type HttpResponse = Awaited<ReturnType<Handle>>['response'];

/** Of a text so much is looked at. */
const TEXT_MAX_CHARS = 4_096;

/** The longest answer that is looked at is the list of a thousand objects that were not removed. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;
const REMOVED = /<(?:\w{1,20}:)?DeleteResult\b/;

/** What Go, nginx, Apache and Tomcat say to plain HTTP on a port for TLS. */
const WANTS_TLS = /HTTP request .{0,40}HTTPS|plain HTTP|combination of host and port requires TLS/i;

/** Statuses that a proxy sends with its own error page for a store that it knows: the status says what is wrong. */
const PASSING: readonly number[] = [408, 413, 429];

const HTML = /^\s*<(?:!doctype\s+html|html|head|body)\b/i;

/** The text is a web page, whatever type it was sent with. */
export const isWebPage = (text: string): boolean => HTML.test(text.slice(0, TEXT_MAX_CHARS));

/** The handler itself, which from now on rejects with the error of a `StoreFinding` where what answers is not S3. */
export function onlyFromS3(handler: HttpHandler): HttpHandler {
  const passOn: Handle = handler.handle.bind(handler);
  handler.handle = async (request: HttpRequest, options?: Parameters<Handle>[1]) => {
    const result = await passOn(request, options).catch((error: unknown) => {
      throw request.protocol === 'http:' && isLost(error) ? namedLostPlain(error) : error;
    });
    const { response } = result;
    const finding = await findingIn(request, response, options?.abortSignal as AbortSignal | undefined);
    if (finding === null) return result;
    (response.body as Readable | undefined)?.destroy();
    throw storeFault(finding, { status: response.statusCode });
  };
  return handler;
}

/** What the SDK and this service repeat, they find by the code, which stays. */
const namedLostPlain = (error: unknown) =>
  Object.assign(error as Error, { name: 'LostPlain' satisfies StoreFinding });

async function findingIn(
  { protocol, query, method }: HttpRequest,
  response: HttpResponse,
  signal: AbortSignal | undefined,
): Promise<StoreFinding | null> {
  const { statusCode: status, headers } = response;
  const isPlain = protocol === 'http:';
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  if (isRedirect && isPlain && /^https:/i.test(headers.location ?? '')) return 'TlsWanted';
  if (isRedirect || status >= 500 || PASSING.includes(status)) return null;

  const type = headers['content-type'] ?? '';
  const isRefusedAsOther = status === 400 && isPlain && !/xml/i.test(type);
  const isRemoval = method === 'POST' && query?.delete !== undefined && status === 200;
  // The type alone says little: some servers answer so with no body, or with XML.
  if (!isRefusedAsOther && !isRemoval && !/^text\/html\b/i.test(type)) return null;
  const text = await textOf(response, signal);
  if (text === null) return null;
  if (isRefusedAsOther && WANTS_TLS.test(text)) return 'TlsWanted';
  if (isWebPage(text)) return 'WebPage';
  return isRemoval && !REMOVED.test(text.slice(0, TEXT_MAX_CHARS)) ? 'NotS3' : null;
}

/**
 * The body's text, which the SDK reads again; null where it fails. Read to its end here: a connection that is lost
 * says so only once, which must not be between two readers.
 */
async function textOf(response: HttpResponse, signal: AbortSignal | undefined): Promise<string | null> {
  const body = response.body as Readable;
  const stop = () => body.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > BODY_MAX_BYTES) throw storeFault('NotS3', { status: response.statusCode });
      pieces.push(piece);
    }
    const whole = Buffer.concat(pieces);
    response.body = Readable.from(whole.length === 0 ? [] : [whole]);
    return whole.toString('latin1');
  } catch (error) {
    // The SDK meets it when it reads.
    response.body = failing(error as Error);
    return null;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const failing = (error: Error) =>
  new Readable({
    read() {
      this.destroy(error);
    },
  });
