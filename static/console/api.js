/** The calls to the API, which the site serves under its own `/api/`. */

const ENDPOINT = new URL('/api/images', location.href).href;
/** A call ends by itself after 29 s; whoever stands before the service gives up after 35. */
const PATIENCE_MS = 40_000;

/**
 * @typedef {object} Call what was asked, and what came of it
 * @property {string} method
 * @property {string} url
 * @property {string} [body]
 * @property {number} [status] absent when there was no answer
 * @property {number} ms
 *
 * @typedef {object} Fault a problem of the service (RFC 9457), or one on the way to it: that one has no code
 * @property {string} title
 * @property {string} detail
 * @property {string} [code]
 * @property {number} [status]
 * @property {string} [reason]
 * @property {number} [upstreamStatus]
 * @property {number} [retryAfterSeconds]
 * @property {string} [requestId]
 *
 * @typedef {{ readonly call: Call, readonly value: any, readonly fault?: undefined }
 *   | { readonly call: Call, readonly value?: undefined, readonly fault: Fault }} Reply
 */

/**
 * @param {string} url
 * @param {string} include
 * @param {AbortSignal} signal
 */
export function lookUp(url, include, signal) {
  const target = `${ENDPOINT}?url=${encodeURIComponent(url)}&include=${include}`;
  return send({ method: 'GET', url: target }, false, signal);
}

/**
 * @param {'POST' | 'PUT'} method
 * @param {{ readonly url: string, readonly variants?: string, readonly dryRun?: boolean }} body
 * @param {AbortSignal} signal
 */
export function harvest(method, body, signal) {
  const mayChange = body.dryRun !== true;
  return send({ method, url: ENDPOINT, body: JSON.stringify(body) }, mayChange, signal);
}

/** The same call for a shell. @param {Call} call */
export function curlOf({ method, url, body }) {
  const words = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quote(url)];
  if (body !== undefined) words.push('-H', quote('Content-Type: application/json'), '-d', quote(body));
  return words.join(' ');
}

/** One word of a POSIX shell, whatever is in it. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {{ readonly method: string, readonly url: string, readonly body?: string }} asked
 * @param {boolean} mayChange whether the service stores something
 * @param {AbortSignal} signal
 * @returns {Promise<Reply>}
 * @throws the signal's reason when it is aborted
 */
async function send(asked, mayChange, signal) {
  const start = performance.now();
  /** @type {Call} */
  const call = { ...asked, ms: 0 };
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
    if (response.ok && value !== null) return { call, value };
    return { call, fault: faultOf(response, value) };
  } catch (error) {
    if (signal.aborted) throw error;
    call.ms = performance.now() - start;
    return { call, fault: { title: 'No answer', detail: silenceWords(timeout.aborted, mayChange) } };
  }
}

/** What to do when nothing was answered. @param {boolean} isLate @param {boolean} mayChange */
function silenceWords(isLate, mayChange) {
  if (isLate) {
    const then = mayChange ? 'It may still finish the work: look the page up' : 'Try again';
    return `The service has not answered for 40 seconds. ${then} in a while.`;
  }
  const then = mayChange ? 'look the page up: the work may be done' : 'try again';
  return `The connection to the service failed. Check that it runs, then ${then}.`;
}

/** @param {string} text @returns {any} an object, or null when the text is none */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** @param {Response} response @param {any} value @returns {Fault} */
function faultOf(response, value) {
  const { status, headers } = response;
  const retryAfterSeconds = Number(headers.get('retry-after')) || undefined;
  const requestId = headers.get('x-request-id') ?? undefined;
  const facts = {
    status,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(requestId !== undefined && { requestId }),
  };
  if (typeof value?.title === 'string' && typeof value?.code === 'string') return { ...value, ...facts };
  // Not the service's own words: whatever stands before it answered.
  const detail = `What stands before the service answered ${status}. Check that the service runs, then try again.`;
  return { title: 'The service did not answer', detail, ...facts };
}
