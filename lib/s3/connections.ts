/**
 * Which connection a request to the store goes over. A server may close a kept connection at any moment without notice
 * (RFC 9112 section 9.6), as MinIO does after each failed condition. On such a connection a request gets no response,
 * so the service cannot know whether it was applied.
 */
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** An HTTP handler of the SDK. Its `handle` resolves with the head of the response. */
export type HttpHandler = Extract<S3ClientConfig['requestHandler'], { httpHandlerConfigs(): unknown }>;

type HttpRequest = Parameters<HttpHandler['handle']>[0];
type Options = Parameters<HttpHandler['handle']>[1];
/** The SDK gives the names in lower case. */
type Headers = Readonly<Record<string, string>>;

/** Node's error codes for a connection that the other side has closed. */
const LOST: readonly unknown[] = ['ECONNRESET', 'EPIPE'];

/**
 * One handler of two.
 *
 * - A conditional write is sent once, over a new connection. On a closed one its outcome would be unclear.
 * - A repetition by the SDK goes over a new connection: the kept ones may all be silent.
 * - Everything else is sent over a kept connection. When that is lost before the response, it is sent again at once
 *   over a new one. The SDK would wait first, and stops repeating when many requests fail together.
 *
 * @param fresh must not keep its connections
 */
export function createConnections(kept: HttpHandler, fresh: HttpHandler): HttpHandler {
  let isClosed = false;
  const handle = async (handler: HttpHandler, request: HttpRequest, options?: Options) => {
    // What is lost by our own closing is not repeated: a plain error, which the SDK does not repeat either.
    if (isClosed) throw new Error('The connections to the store are closed.');
    return handler.handle(request, options);
  };
  return {
    ...(kept.metadata && { metadata: kept.metadata }),
    async handle(request: HttpRequest, options?: Options) {
      if (isConditional(request.headers) || isRepetition(request.headers))
        return handle(fresh, request, options);
      try {
        return await handle(kept, request, options);
      } catch (error) {
        if (!isLost(error)) throw error;
        return handle(fresh, request, options);
      }
    },
    destroy() {
      isClosed = true;
      kept.destroy?.();
      fresh.destroy?.();
    },
    updateHttpClientConfig(key, value) {
      kept.updateHttpClientConfig(key, value);
      fresh.updateHttpClientConfig(key, value);
    },
    httpHandlerConfigs: () => kept.httpHandlerConfigs(),
  };
}

function isConditional(headers: Headers): boolean {
  return headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
}

/** The SDK numbers its attempts: `attempt=2; max=3`. */
function isRepetition(headers: Headers): boolean {
  const attempt = headers['amz-sdk-request'];
  return attempt !== undefined && !attempt.startsWith('attempt=1;');
}

/** The other side has closed the connection. */
export function isLost(error: unknown): boolean {
  return LOST.includes((error as { readonly code?: unknown }).code);
}
