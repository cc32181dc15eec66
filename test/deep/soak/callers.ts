/** Callers that look up, harvest and update pages at random, and look at every answer. */
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { Random } from '../../support/random.ts';
import type { SoakWorld } from './soakWorld.ts';

export type Method = 'GET' | 'POST' | 'PUT';

export interface Answer {
  readonly status: number;
  readonly body: {
    readonly code?: string;
    readonly images?: readonly string[];
    readonly count?: number;
    readonly counts?: { readonly byCode: Readonly<Record<string, number>> };
    readonly changes?: { readonly kept: readonly string[] };
  };
}

export interface Calls {
  /** How often each `METHOD status code` was answered. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** URLs that a caller was told to be harvested: they must be there from then on. */
  readonly promised: ReadonlySet<string>;
  /** Answers that there must not be, a sentence each. */
  readonly findings: readonly string[];
}

/** What a call may answer while parts fail. Anything else, 500 above all, is a finding. */
const EXPECTED: Readonly<Record<Method, readonly string[]>> = {
  GET: ['200 OK', '404 PAGE_NOT_FOUND', '503 STORAGE_UNAVAILABLE'],
  POST: [
    '201 OK',
    '409 URL_ALREADY_PROCESSED',
    '409 URL_IN_PROGRESS',
    '429 TOO_MANY_REQUESTS',
    '502 PAGE_UNREACHABLE',
    '503 STORAGE_UNAVAILABLE',
    '504 PAGE_TIMEOUT',
  ],
  PUT: [
    '200 OK',
    '201 OK',
    '409 URL_IN_PROGRESS',
    '429 TOO_MANY_REQUESTS',
    '502 PAGE_UNREACHABLE',
    '503 STORAGE_UNAVAILABLE',
    '504 PAGE_TIMEOUT',
  ],
};

/** Longer than any call has. */
const ANSWER_WITHIN_MS = 45_000;

export async function callAtRandom(
  world: SoakWorld,
  options: { readonly callers: number; readonly pages: number },
  random: Random,
  signal: AbortSignal,
): Promise<Calls> {
  const outcomes = new Map<string, number>();
  const findings: string[] = [];
  const promised = new Set<string>();
  const caller = async () => {
    while (!signal.aborted) {
      const page = random.below(options.pages);
      const what = random.next();
      const method = what < 0.5 ? 'GET' : what < 0.65 ? 'POST' : 'PUT';
      if (method === 'PUT' && random.chance(0.7)) world.site.change(page, random);
      const url = world.site.urlOf(page);
      const mustBeThere = promised.has(url);
      try {
        const response = await call(world, method, url);
        const outcome = `${response.status} ${response.body.code ?? 'OK'}`;
        outcomes.set(`${method} ${outcome}`, (outcomes.get(`${method} ${outcome}`) ?? 0) + 1);
        if (response.status === 200 || response.status === 201) promised.add(url);
        const isLost = mustBeThere && /^(GET 404|POST 201|PUT 201)/.test(`${method} ${outcome}`);
        const finding = isLost
          ? `${method} ${url} was answered ${outcome}, although it was harvested before`
          : faultIn(method, url, response, outcome);
        if (finding !== null) findings.push(finding);
      } catch (error) {
        findings.push(`${method} ${url}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
  // A load that only failed has tried nothing.
  for (const outcome of ['GET 200 OK', 'POST 201 OK', 'PUT 200 OK'])
    if (!outcomes.has(outcome)) findings.push(`no call was answered ${outcome}`);
  return { outcomes, promised, findings };
}

export async function call({ app }: SoakWorld, method: Method, url: string): Promise<Answer> {
  const isGet = method === 'GET';
  const response = await fetch(`${app.apiUrl}/images${isGet ? `?url=${encodeURIComponent(url)}` : ''}`, {
    method,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    ...(!isGet && { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url }) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

function faultIn(method: Method, url: string, { body }: Answer, outcome: string): string | null {
  if (!EXPECTED[method].includes(outcome)) return `${method} ${url} was answered ${outcome}`;
  const { images } = body;
  if (images === undefined) return null;
  if (new Set(images).size !== images.length) return `${method} ${url} names an image twice`;
  const stranger = images.find((name) => !name.includes(`/${pageIdOf(url)}/`));
  return stranger === undefined ? null : `${method} ${url} names ${stranger}, which is another page's`;
}
