/** A web without a network: pages and images by URL, with what was asked for. */
import type { WebFault } from '../../lib/domain/model.ts';
import type { Web, WebRequest, WebResult } from '../../lib/domain/ports.ts';

export interface MemoryResource {
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly etag?: string;
  /** The reading fails instead. */
  readonly fault?: WebFault;
  readonly status?: number;
  /** The URL's own text is refused. */
  readonly isRefused?: boolean;
  /** The answer comes from there. */
  readonly movedTo?: string;
  /** The connection's end is the body's end. */
  readonly isDelimited?: boolean;
  /** Waits for this before it answers; the caller's signal ends the waiting. */
  readonly after?: Promise<unknown>;
}

export interface MemoryWeb extends Web {
  /** Every URL that was read, in order. */
  readonly asked: string[];
  readonly requests: WebRequest[];
  /** Decoded bytes that were answered, by kind. */
  readonly bytes: Record<WebRequest['kind'], number>;
  set(url: string, resource: MemoryResource): void;
  delete(url: string): void;
}

/** What is not there is a 404. */
export function createMemoryWeb(resources: Readonly<Record<string, MemoryResource>> = {}): MemoryWeb {
  const site = new Map(Object.entries(resources));
  const asked: string[] = [];
  const requests: WebRequest[] = [];
  const bytes = { page: 0, stylesheet: 0, image: 0 };

  const read = async (request: WebRequest): Promise<WebResult> => {
    asked.push(request.url.href);
    requests.push(request);
    const resource = site.get(request.url.href) ?? { fault: 'status' as const, status: 404 };
    if (request.signal.aborted || (await isEndedBefore(resource.after, request.signal)))
      return failed('aborted');
    const finalUrl = new URL(resource.movedTo ?? request.url);
    if (resource.fault) return failed(resource.fault, resource.status);

    const validators = { url: finalUrl.href, ...(resource.etag && { etag: resource.etag }) };
    const { validators: condition } = request;
    if (resource.etag && condition?.url === finalUrl.href && condition.etag === resource.etag) {
      return { kind: 'notModified', finalUrl, validators };
    }
    const body = Buffer.from(resource.body ?? '');
    const limit =
      typeof request.maxBytes === 'number' ? request.maxBytes : await request.maxBytes(body, resource.type);
    if (body.length > limit) return failed('tooLarge');
    if (request.onBytes && !(await request.onBytes(body.length))) return failed('limit');
    await request.room?.(body.length);
    bytes[request.kind] += body.length;
    return {
      kind: 'read',
      finalUrl,
      contentType: resource.type,
      bytes: body,
      isDelimited: resource.isDelimited ?? true,
      ...(resource.etag && { validators }),
    };
  };

  return {
    asked,
    requests,
    bytes,
    read,
    refusalOf: ({ href }) => (site.get(href)?.isRefused ? failed('forbidden') : null),
    set: (url, resource) => void site.set(url, resource),
    delete: (url) => void site.delete(url),
  };
}

function failed(fault: WebFault, status?: number): Extract<WebResult, { kind: 'failed' }> {
  return { kind: 'failed', fault, detail: `It failed: ${fault}.`, ...(status !== undefined && { status }) };
}

/** Whether the signal came first. */
function isEndedBefore(after: Promise<unknown> | undefined, signal: AbortSignal): Promise<boolean> | boolean {
  if (after === undefined) return false;
  const ended = new Promise<boolean>((resolve) =>
    signal.addEventListener('abort', () => resolve(true), { once: true }),
  );
  return Promise.race([after.then(() => false), ended]);
}
