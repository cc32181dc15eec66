/** The HTTP responses: JSON, and problem+json (RFC 9457). */
import type { Problem, ProblemCode, UnreachableReason } from '../domain/problem.ts';
import { PROBLEMS } from './problems.ts';

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The body of a problem response (RFC 9457), with the code on which callers branch. */
export interface ProblemView {
  /** Section 4.2.1: the type has no page that explains it; `code` names the problem. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  /** With `PAGE_UNREACHABLE`. */
  readonly reason?: UnreachableReason;
  readonly upstreamStatus?: number;
}

export function jsonResponse(
  statusCode: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** A 204 response with the methods of `/images` (RFC 9110 section 9.3.7). */
export function optionsResponse(): HttpResponse {
  const headers = { allow: 'GET, HEAD, OPTIONS, POST, PUT', 'cache-control': 'no-store' };
  return { statusCode: 204, headers, body: '' };
}

export function problemResponse(problem: Problem): HttpResponse {
  const { code, detail, reason, upstreamStatus, retryAfterSeconds } = problem;
  const { status, title } = PROBLEMS[code];
  const body: ProblemView = {
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    ...(reason !== undefined && { reason }),
    ...(upstreamStatus !== undefined && { upstreamStatus }),
  };
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: JSON.stringify(body),
  };
}
