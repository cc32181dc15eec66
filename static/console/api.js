/** The calls to the API, which the site serves under its own `/api/`. */

const ENDPOINT = new URL('/api/images', location.href).href;
/** The service ends a call after 29 s, and a proxy before it after 35 s. */
const PATIENCE_MS = 40_000;
/** Statuses for a URL that is too long, since a look-up has it in its own (RFC 9110 section 15.5.15, RFC 6585 section 5). */
const TOO_LONG = [414, 431];

/**
 * @typedef {object} Call a request and its outcome
 * @property {string} method
 * @property {string} url
 * @property {string} [body]
 * @property {number} [status] absent without a response
 * @property {number} ms
 *
 * @typedef {object} Fault a problem of the service (RFC 9457), or without a code, a failure to reach it
 * @property {string} title
 * @property {string} detail
 * @property {string} [code]
 * @property {number} [status]
 * @property {string} [reason]
 * @property {number} [upstreamStatus]
 * @property {number} [retryAfterSeconds]
 * @property {string} [requestId]
 *
 * @typedef {{ readonly value: any, readonly fault?: undefined }
 *   | { readonly value?: undefined, readonly fault: Fault }} Reply
 *
 * @typedef {object} Way
 * @property {AbortSignal} signal ends the waiting
 * @property {Call[]} calls gets every call when it is sent, so that it also has calls that were abandoned
 */

/**
 * @param {string} url
 * @param {string} include
 * @param {Way} way
 * @param {string} [cursor] the `next` of the previous part of an image's copies
 */
export function lookUp(url, include, way, cursor) {
  const part = cursor === undefined ? '' : `&cursor=${cursor}`;
  const target = `${ENDPOINT}?url=${encodeURIComponent(url)}&include=${include}${part}`;
  return send({ method: 'GET', url: target }, false, way);
}

/**
 * @param {'POST' | 'PUT'} method
 * @param {{ readonly url: string, readonly variants?: string, readonly dryRun?: boolean }} body
 * @param {Way} way
 */
export function harvest(method, body, way) {
  const mayChange = body.dryRun !== true;
  return send({ method, url: ENDPOINT, body: JSON.stringify(body) }, mayChange, way);
}

/** The same call for a shell. @param {Call} call */
export function curlOf({ method, url, body }) {
  const words = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quote(url)];
  if (body !== undefined) words.push('-H', quote('Content-Type: application/json'), '-d', quote(body));
  return words.join(' ');
}

/** Any text as one word of a POSIX shell. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {{ readonly method: string, readonly url: string, readonly body?: string }} asked
 * @param {boolean} mayChange whether the service stores something
 * @param {Way} way
 * @returns {Promise<Reply>}
 * @throws the signal's reason when it is aborted
 */
async function send(asked, mayChange, { signal, calls }) {
  signal.throwIfAborted();
  const start = performance.now();
  /** @type {Call} */
  const call = { ...asked, ms: 0 };
  calls.push(call);
  const { method, url, body } = asked;
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.any([signal, timeout]),
      cache: 'no-store',
      ...(body !== undefined && { body, headers: { 'Content-Type': 'application/json' } }),
    });
    call.status = response.status;
    const text = await response.text();
    call.ms = performance.now() - start;
    const value = parse(text);
    if (response.ok && value !== null) return { value };
    return { fault: faultOf(response, value, mayChange) };
  } catch {
    call.ms = performance.now() - start;
    signal.throwIfAborted();
    return { fault: { title: 'No response', detail: silenceWords(timeout.aborted, mayChange) } };
  }
}

/** What to do when there is no response. @param {boolean} isLate @param {boolean} mayChange */
function silenceWords(isLate, mayChange) {
  if (isLate) {
    const then = mayChange ? 'It may still finish the work: look the page up' : 'Try again';
    return `The service has not responded for 40 seconds. ${then} in a while.`;
  }
  return `The connection to the service failed. Check that it runs, then ${nextWords(mayChange)}.`;
}

/** @param {boolean} mayChange */
const nextWords = (mayChange) => (mayChange ? 'look the page up: the work may be done' : 'try again');

/** @param {string} text @returns {any} the JSON object; null when the text is not one */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** @param {Response} response @param {any} value @param {boolean} mayChange @returns {Fault} */
function faultOf(response, value, mayChange) {
  const { status, headers } = response;
  const retryAfterSeconds = Number(headers.get('retry-after')) || undefined;
  const requestId = headers.get('x-request-id') ?? undefined;
  const facts = {
    status,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(requestId !== undefined && { requestId }),
  };
  if (typeof value?.title === 'string' && typeof value?.code === 'string') return { ...value, ...facts };
  // The response is not of the service: a server before it sent it.
  const todo = TOO_LONG.includes(status)
    ? 'Use a shorter address.'
    : `Check that the service runs, then ${nextWords(mayChange)}.`;
  const detail = `A server in front of the service responded with ${status}. ${todo}`;
  return { title: 'The service did not respond', detail, ...facts };
}
