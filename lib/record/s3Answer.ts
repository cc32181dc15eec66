/** Whether a response can be S3's. Consoles, proxies and login pages answer too, many of them with a success. */
import { Readable } from 'node:stream';
import type { HttpHandler } from './s3Connections.ts';
import { type StoreFinding, storeFault } from './s3Problem.ts';

type Handle = HttpHandler['handle'];
type HttpRequest = Parameters<Handle>[0];
type HttpResponse = Awaited<ReturnType<Handle>>['response'];

/** Of a refusal's text so much is looked at. */
const TEXT_MAX_BYTES = 4_096;
/** Ms. A refusal is one packet; what takes longer is not it. */
const TEXT_MAX_MS = 1_000;

/** What Go, nginx, Apache and Tomcat say to plain HTTP on a port for TLS. */
const WANTS_TLS = /HTTP request .{0,40}HTTPS|plain HTTP|combination of host and port requires TLS/i;

/** Statuses that a proxy sends with a page of its own for a store that it knows: the status says what is wrong. */
const PASSING: readonly number[] = [408, 413, 429];

const HTML = /^\s*<(?:!doctype\s+html|html|head|body)\b/i;

/** The text is a web page, whatever type it was sent with. */
export const isWebPage = (text: string): boolean => HTML.test(text.slice(0, TEXT_MAX_BYTES));

/** The handler itself, which from now on rejects with the error of a `StoreFinding` where what answers is not S3. */
export function onlyFromS3(handler: HttpHandler): HttpHandler {
  const passOn: Handle = handler.handle.bind(handler);
  handler.handle = async (request: HttpRequest, options?: Parameters<Handle>[1]) => {
    const answer = await passOn(request, options);
    const { response } = answer;
    const finding = findingIn(request, response) ?? (await findingInText(request, response));
    if (finding === null) return answer;
    (response.body as Readable | undefined)?.destroy();
    throw storeFault(finding, { status: response.statusCode });
  };
  return handler;
}

function findingIn({ protocol, query, method }: HttpRequest, response: HttpResponse): StoreFinding | null {
  const { statusCode: status, headers } = response;
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  if (isRedirect && protocol === 'http:' && /^https:/i.test(headers.location ?? '')) return 'TlsWanted';
  const isPage = status < 500 && !isRedirect && !PASSING.includes(status);
  if (isPage && /^text\/html\b/i.test(headers['content-type'] ?? '')) return 'WebPage';
  // The list of what was removed has at least its root element.
  const isRemoval = method === 'POST' && query?.delete !== undefined;
  return isRemoval && status === 200 && headers['content-length'] === '0' ? 'NotS3' : null;
}

/** A 400 without XML may come from a port for TLS. Its text is put back for the SDK. */
async function findingInText(
  { protocol }: HttpRequest,
  response: HttpResponse,
): Promise<StoreFinding | null> {
  const isXml = /xml/i.test(response.headers['content-type'] ?? '');
  if (response.statusCode !== 400 || protocol !== 'http:' || isXml) return null;
  const text = await beginningOf(response.body as Readable);
  response.body = Readable.from([text]);
  return WANTS_TLS.test(text.toString('latin1')) ? 'TlsWanted' : null;
}

async function beginningOf(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => body.destroy(), TEXT_MAX_MS);
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= TEXT_MAX_BYTES) break;
    }
  } catch {
    // What came before the end is all there is.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(pieces);
}
