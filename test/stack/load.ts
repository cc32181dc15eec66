/** A light load on the API, and what came of each call. */
import { setTimeout as delay } from 'node:timers/promises';
import { call, type Reply } from '../../local-stack/smoke/calls.ts';

export interface Answer {
  readonly operation: 'GET' | 'POST' | 'PUT';
  /** 0: none came. */
  readonly status: number;
  /** The problem's code; empty for a success. */
  readonly code: string;
  readonly hasRetryAfter: boolean;
  readonly ms: number;
}

/** A page that the API has told to be harvested, with the names it told. */
export interface Promised {
  readonly url: string;
  readonly images: readonly string[];
}

export interface Load {
  readonly answers: readonly Answer[];
  /** Each in the order of its answer. */
  readonly promised: readonly Promised[];
  /** Ends it, and waits for what is under way. */
  stop(): Promise<void>;
}

export interface LoadConfig {
  readonly api: string;
  /** The sample site, as the API reaches it. */
  readonly site: string;
  /** Makes URLs that no other load has. */
  readonly name: string;
}

/** A load ends by itself after so long. */
const LOAD_MAX_MS = 180_000;
const PAUSE_MS = 60;

/** One who looks up, one who harvests new pages, one who updates the same page again and again. */
export function startLoad({ api, site, name }: LoadConfig): Load {
  const answers: Answer[] = [];
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
      // Every second one past the cache: the record of an image's copies is always read in the bucket.
      const url = turn % 2 === 0 ? known : `${site}/sample/image1.jpg`;
      answers.push((await measure('GET', () => lookUp(api, url))).answer);
    }),
    loop(async (turn) => {
      const url = `${site}/sample/based.html?${name}=${turn}`;
      const { answer, reply } = await measure('POST', () => write(api, 'POST', url));
      answers.push(answer);
      if (reply?.status === 201) promised.push({ url, images: namesIn(reply) });
    }),
    loop(async () => {
      answers.push((await measure('PUT', () => write(api, 'PUT', known))).answer);
    }),
  ];
  return {
    answers,
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

/** One call with its time; no answer is an answer of status 0. */
export async function measure(
  operation: Answer['operation'],
  send: () => Promise<Reply>,
): Promise<{ readonly answer: Answer; readonly reply: Reply | null }> {
  const start = performance.now();
  const reply = await send().catch(() => null);
  const ms = performance.now() - start;
  if (reply === null) return { answer: { operation, status: 0, code: '', hasRetryAfter: false, ms }, reply };
  const code = reply.status < 400 ? '' : codeIn(reply.bytes.toString('utf8'));
  const hasRetryAfter = reply.headers.has('retry-after');
  return { answer: { operation, status: reply.status, code, hasRetryAfter, ms }, reply };
}

function codeIn(text: string): string {
  try {
    return (JSON.parse(text) as { code?: string }).code ?? '';
  } catch {
    return '';
  }
}

/** `count` GETs of one page, so many at once. */
export async function lookUpMany(api: string, url: string, count: number, atOnce: number) {
  const answers: Answer[] = [];
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      answers.push((await measure('GET', () => lookUp(api, url))).answer);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}

/** "200 ×9, 503 STORAGE_UNAVAILABLE ×2": what came, most frequent first. */
export function summary(answers: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const { operation, status, code } of answers) {
    const kind = `${operation} ${status === 0 ? 'no response' : status}${code && ` ${code}`}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([kind, count]) => `${kind} ×${count}`).join(', ');
}

/** In milliseconds. @param share from 0 to 1 */
export function percentile(answers: readonly Answer[], share: number): number {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
