/** What a fault of reading from the web means: for the page a Problem, for an image or a stylesheet a line. */
import type { Reason, Shortfall, TlsFault, Warning, WebFault } from '../domain/model.ts';
import type { WebResult } from '../domain/ports.ts';
import { type ImageCode, Problem, type ProblemCode, type UnreachableReason } from '../domain/problem.ts';

export type WebFailure = Extract<WebResult, { kind: 'failed' }>;

interface Meaning {
  readonly page: ProblemCode;
  readonly reason?: UnreachableReason;
  readonly image: ImageCode;
  readonly stylesheet: Warning['code'];
  /** What the caller can do about a page that cannot be read. */
  readonly advice?: string;
}

const unreachable = (reason: UnreachableReason, advice: string): Meaning => ({
  page: 'PAGE_UNREACHABLE',
  reason,
  advice,
  image: 'IMAGE_UNREACHABLE',
  stylesheet: 'PAGE_UNREACHABLE',
});

const MEANINGS: Readonly<Record<WebFault, Meaning>> = {
  forbidden: { page: 'ADDRESS_FORBIDDEN', image: 'ADDRESS_FORBIDDEN', stylesheet: 'ADDRESS_FORBIDDEN' },
  dns: unreachable('dns', 'Check the spelling of the host.'),
  connect: unreachable('connect', 'Check that the site is up, then try again.'),
  tls: unreachable('tls', 'Try again, or use the http address of the site.'),
  protocol: unreachable('protocol', 'Tell the site’s owner.'),
  encoding: unreachable('encoding', 'Tell the site’s owner.'),
  redirects: unreachable('redirects', 'Use the URL that the redirects should lead to.'),
  status: {
    ...unreachable('status', 'Check the URL in a browser, then try again.'),
    image: 'IMAGE_STATUS',
  },
  truncated: { ...unreachable('protocol', 'Try again.'), image: 'IMAGE_TRUNCATED' },
  timeout: {
    page: 'PAGE_TIMEOUT',
    image: 'IMAGE_TIMEOUT',
    stylesheet: 'PAGE_TIMEOUT',
    advice: 'Try again when the site is faster.',
  },
  tooLarge: {
    page: 'PAGE_TOO_LARGE',
    image: 'IMAGE_TOO_LARGE',
    stylesheet: 'PAGE_TOO_LARGE',
    advice: 'Use the URL of a smaller page, or ask the operator to raise the limit.',
  },
  limit: { page: 'PAGE_TOO_LARGE', image: 'LIMIT_REACHED', stylesheet: 'LIMIT_REACHED' },
  aborted: {
    page: 'PAGE_TIMEOUT',
    image: 'OUT_OF_TIME',
    stylesheet: 'OUT_OF_TIME',
    advice: 'Try again when the site is faster.',
  },
};

const TLS_ADVICE: Readonly<Record<TlsFault, string>> = {
  certificate: 'Tell the site’s owner, or use its http address.',
  version: 'Tell the site’s owner to offer TLS 1.2 or 1.3, or use its http address.',
  protocol: 'Check the scheme and the port of the URL.',
};

/** The call's own end came first. */
export const OUT_OF_TIME: Reason = {
  code: 'OUT_OF_TIME',
  detail: 'No time was left for this image. Update the page with PUT /images to continue.',
};

export function pageProblem({ fault, detail, status, tls, cause }: WebFailure): Problem {
  const { page, reason, advice: general } = MEANINGS[fault];
  const advice = tls === undefined ? general : TLS_ADVICE[tls];
  return new Problem(page, {
    detail: advice === undefined ? detail : `${detail} ${advice}`,
    cause,
    ...(reason && { reason }),
    ...(status !== undefined && { upstreamStatus: status }),
  });
}

export function imageReason({ fault, detail, status }: WebFailure): Reason {
  if (fault === 'aborted') return OUT_OF_TIME;
  return { code: MEANINGS[fault].image, detail, ...(status !== undefined && { status }) };
}

export function stylesheetWarning({ fault, detail, status }: WebFailure): Shortfall {
  return { code: MEANINGS[fault].stylesheet, detail, ...(status !== undefined && { status }) };
}
