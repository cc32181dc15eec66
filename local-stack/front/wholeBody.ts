/** Reads the body of a request before it is handled: a slow or too large request then costs only a few kilobytes. */
import { IncomingMessage, type ServerResponse } from 'node:http';

/**
 * The bytes of the body; null when it has more than `maxBytes`, by its declared length or once they arrive. Never
 * resolves when the client disconnects.
 * @param waiting the response, when the client waits for 100 (Continue) (RFC 9110 section 10.1.1)
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  waiting?: ServerResponse,
): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(null);
  waiting?.writeContinue();
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const take = (piece: Buffer) => {
      bytes += piece.length;
      pieces.push(piece);
      if (bytes > maxBytes) end(null);
    };
    const finish = () => end(Buffer.concat(pieces));
    const end = (body: Buffer | null) => {
      request.off('data', take).off('end', finish);
      if (body === null) request.pause();
      resolve(body);
    };
    request.on('data', take).on('end', finish);
    // Without a listener, a connection reset would end the process.
    request.on('error', () => {});
  });
}

/** Whether a request has a body, even an empty one (RFC 9112 section 6.3). */
export const hasBody = ({ headers }: IncomingMessage) =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/** The same request, with a body that can be read again. */
export function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } = request;
  const whole = new IncomingMessage(request.socket);
  Object.assign(whole, { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor });
  whole.complete = true;
  whole.push(body);
  whole.push(null);
  return whole;
}
