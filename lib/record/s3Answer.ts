/** Whether a response can be S3's. Consoles, proxies and login pages answer too, many of them with a success. */
import { Readable } from 'node:stream';
import type { HttpHandler } from './s3Connections.ts';
import { type StoreFinding, storeFault } from './s3Problem.ts';

type Handle = HttpHandler['handle'];
type HttpRequest = Parameters<Handle>[0];
type HttpResponse = Awaited<ReturnType<Handle>>['response'];

/** Of a text so much is looked at. */
const TEXT_MAX_CHARS = 4_096;
/** Ms to wait for the first bytes of a suspicious body. */
const TEXT_MAX_MS = 1_000;

/** What Go, nginx, Apache and Tomcat say to plain HTTP on a port for TLS. */
const WANTS_TLS = /HTTP request .{0,40}HTTPS|plain HTTP|combination of host and port requires TLS/i;

/** Statuses that a proxy sends with a page of its own for a store that it knows: the status says what is wrong. */
const PASSING: readonly number[] = [408, 413, 429];

const HTML = /^\s*<(?:!doctype\s+html|html|head|body)\b/i;

/** The text is a web page, whatever type it was sent with. */
export const isWebPage = (text: string): boolean => HTML.test(text.slice(0, TEXT_MAX_CHARS));

/** The handler itself, which from now on rejects with the error of a `StoreFinding` where what answers is not S3. */
export function onlyFromS3(handler: HttpHandler): HttpHandler {
  const passOn: Handle = handler.handle.bind(handler);
  handler.handle = async (request: HttpRequest, options?: Parameters<Handle>[1]) => {
    const answer = await passOn(request, options);
    const { response } = answer;
    const finding = await findingIn(request, response);
    if (finding === null) return answer;
    (response.body as Readable | undefined)?.destroy();
    throw storeFault(finding, { status: response.statusCode });
  };
  return handler;
}

async function findingIn(
  { protocol, query, method }: HttpRequest,
  response: HttpResponse,
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
  const text = await beginningOf(response);
  if (isRefusedAsOther && WANTS_TLS.test(text)) return 'TlsWanted';
  if (isWebPage(text)) return 'WebPage';
  // The list of what was removed has at least its root element.
  return isRemoval && text === '' ? 'NotS3' : null;
}

/** The first bytes of the body, which stay in it; empty where it has none or they do not come in time. */
function beginningOf(response: HttpResponse): Promise<string> {
  const body = response.body as Readable;
  return new Promise((resolve) => {
    const end = (text: string, left = body) => {
      clearTimeout(timer);
      body.off('data', onData).off('end', onEnd).off('error', onError);
      response.body = left;
      resolve(text);
    };
    const onData = (piece: Buffer) => {
      body.pause();
      body.unshift(piece);
      end(piece.toString('latin1'));
    };
    // What has ended or failed says so only once, and the SDK listens from now on.
    const onEnd = () => end('', Readable.from([]));
    const onError = (error: Error) => end('', failing(error));
    const timer = setTimeout(() => end('', body.pause()), TEXT_MAX_MS);
    body.on('error', onError).on('end', onEnd).on('data', onData);
  });
}

const failing = (error: Error) =>
  new Readable({
    read() {
      this.destroy(error);
    },
  });
