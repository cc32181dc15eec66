/** A light load on the API, and the outcome of each call. */
import { setTimeout as delay } from 'node:timers/promises';
import { call, type Reply } from '../../local-stack/smoke/calls.ts';

export interface Answer {
  readonly operation: 'GET' | 'POST' | 'PUT';
  /** 0 without a response. */
  readonly status: number;
  /** The problem's code; empty for a success. */
  readonly code: string;
  readonly hasRetryAfter: boolean;
  readonly ms: number;
}

/** A page that the API has confirmed as harvested, with the names of its copies. */
export interface Promised {
  readonly url: string;
  readonly images: readonly string[];
}

export interface Load {
  readonly results: readonly Answer[];
  /** In the order of their responses. */
  readonly promised: readonly Promised[];
  /** Ends the load, and waits for running calls. */
  stop(): Promise<void>;
}

export interface LoadConfig {
  readonly api: string;
  /** The sample site, as the API reaches it. */
  readonly site: string;
  /** Makes the URLs of this load unique. */
  readonly name: string;
}

/** A load ends by itself after this time. */
const LOAD_MAX_MS = 180_000;
const PAUSE_MS = 60;

/** Three loops: one looks pages up, one harvests new pages, one updates the same page. */
export function startLoad({ api, site, name }: LoadConfig): Load {
  const responses: Answer[] = [];
  const promised: Promised[] = [];
  const end = performance.now() + LOAD_MAX_MS;
  let isOver = false;
  const known = `${site}/sample/?known`;
  const loop = async (once: (turn: number) => Promise<void>) => {
    for (let turn = 0; !isOver && performance.now() < end; turn += 1) {
      await once(turn);
      await delay(PAUSE_MS);
    }
  };
  const loops = [
    loop(async (turn) => {
      // Every second look-up bypasses the cache: those of an image always read the bucket.
      const url = turn % 2 === 0 ? known : `${site}/sample/image1.jpg`;
      responses.push((await measure('GET', () => lookUp(api, url))).response);
    }),
    loop(async (turn) => {
      const url = `${site}/sample/based.html?${name}=${turn}`;
      const { response, reply } = await measure('POST', () => write(api, 'POST', url));
      responses.push(response);
      if (reply?.status === 201) promised.push({ url, images: namesIn(reply) });
    }),
    loop(async () => {
      responses.push((await measure('PUT', () => write(api, 'PUT', known))).response);
    }),
  ];
  return {
    results: responses,
    promised,
    async stop() {
      isOver = true;
      await Promise.all(loops);
    },
  };
}

export const lookUp = (api: string, url: string, query = '') =>
  call(`${api}/images?url=${encodeURIComponent(url)}${query}`);

export const write = (api: string, method: 'POST' | 'PUT', url: string) =>
  call(`${api}/images`, { method, json: { url } });

export const namesIn = (reply: Reply): readonly string[] =>
  (JSON.parse(reply.bytes.toString('utf8')) as { images: readonly string[] }).images;

/** One call with its time. Without a response, the status is 0. */
export async function measure(
  operation: Answer['operation'],
  send: () => Promise<Reply>,
): Promise<{ readonly response: Answer; readonly reply: Reply | null }> {
  const start = performance.now();
  const reply = await send().catch(() => null);
  const ms = performance.now() - start;
  if (reply === null)
    return { response: { operation, status: 0, code: '', hasRetryAfter: false, ms }, reply };
  const code = reply.status < 400 ? '' : codeIn(reply.bytes.toString('utf8'));
  const hasRetryAfter = reply.headers.has('retry-after');
  return { response: { operation, status: reply.status, code, hasRetryAfter, ms }, reply };
}

function codeIn(text: string): string {
  try {
    return (JSON.parse(text) as { code?: string }).code ?? '';
  } catch {
    return '';
  }
}

/** `count` GETs of one page, of which `atOnce` run concurrently. */
export async function lookUpMany(api: string, url: string, count: number, atOnce: number) {
  const responses: Answer[] = [];
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      responses.push((await measure('GET', () => lookUp(api, url))).response);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return responses;
}

/** Responses in words, the most frequent first: "200 ×9, 503 STORAGE_UNAVAILABLE ×2". */
export function summary(responses: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const { operation, status, code } of responses) {
    const kind = `${operation} ${status === 0 ? 'no response' : status}${code && ` ${code}`}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([kind, count]) => `${kind} ×${count}`).join(', ');
}

/** A percentile of the times, in milliseconds. @param share from 0 to 1 */
export function percentile(responses: readonly Answer[], share: number): number {
  const sorted = responses.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
