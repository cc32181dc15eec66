/** What a fault of reading from the web means: for the page a Problem, for an image or a stylesheet a line. */
import type { Reason, Warning, WebFault } from '../model.ts';
import type { WebResult } from '../ports.ts';
import { type ImageCode, Problem, type ProblemCode, type UnreachableReason } from '../problem.ts';

export type WebFailure = Extract<WebResult, { kind: 'failed' }>;

interface Meaning {
  readonly page: ProblemCode;
  readonly reason?: UnreachableReason;
  readonly image: ImageCode;
  readonly stylesheet: Warning['code'];
}

const unreachable = (reason: UnreachableReason): Meaning => ({
  page: 'PAGE_UNREACHABLE',
  reason,
  image: 'IMAGE_UNREACHABLE',
  stylesheet: 'PAGE_UNREACHABLE',
});

const MEANINGS: Readonly<Record<WebFault, Meaning>> = {
  forbidden: { page: 'ADDRESS_FORBIDDEN', image: 'ADDRESS_FORBIDDEN', stylesheet: 'ADDRESS_FORBIDDEN' },
  dns: unreachable('dns'),
  connect: unreachable('connect'),
  tls: unreachable('tls'),
  protocol: unreachable('protocol'),
  encoding: unreachable('encoding'),
  redirects: unreachable('redirects'),
  status: { ...unreachable('status'), image: 'IMAGE_STATUS' },
  truncated: { ...unreachable('protocol'), image: 'IMAGE_TRUNCATED' },
  timeout: { page: 'PAGE_TIMEOUT', image: 'IMAGE_TIMEOUT', stylesheet: 'PAGE_TIMEOUT' },
  tooLarge: { page: 'PAGE_TOO_LARGE', image: 'IMAGE_TOO_LARGE', stylesheet: 'PAGE_TOO_LARGE' },
  limit: { page: 'PAGE_TOO_LARGE', image: 'LIMIT_REACHED', stylesheet: 'LIMIT_REACHED' },
  aborted: { page: 'PAGE_TIMEOUT', image: 'OUT_OF_TIME', stylesheet: 'OUT_OF_TIME' },
};

export function pageProblem({ fault, detail, status, cause }: WebFailure): Problem {
  const { page, reason } = MEANINGS[fault];
  return new Problem(page, {
    detail,
    cause,
    ...(reason && { reason }),
    ...(status !== undefined && { upstreamStatus: status }),
  });
}

export function imageReason({ fault, detail, status }: WebFailure): Reason {
  return { code: MEANINGS[fault].image, detail, ...(status !== undefined && { status }) };
}

export function stylesheetWarning({ fault, detail, status }: WebFailure): Omit<Warning, 'url'> {
  return { code: MEANINGS[fault].stylesheet, detail, ...(status !== undefined && { status }) };
}
