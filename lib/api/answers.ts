/** The HTTP answers: JSON, and problem+json (RFC 9457). */
import type { Problem } from '../problem.ts';

export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(
  statusCode: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** 204 with the methods of `/images` (RFC 9110 section 9.3.7). */
export function optionsAnswer(): Answer {
  return { statusCode: 204, headers: { allow: 'GET, HEAD, OPTIONS, POST, PUT' }, body: '' };
}

export function problemAnswer(problem: Problem): Answer {
  const { code, status, title, detail, reason, upstreamStatus, retryAfterSeconds } = problem;
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    // RFC 9457 section 4.2.1: about:blank says that the title and the code tell everything.
    body: JSON.stringify({ type: 'about:blank', title, status, detail, code, reason, upstreamStatus }),
  };
}
