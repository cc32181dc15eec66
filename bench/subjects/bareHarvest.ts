/**
 * The physical limit of a POST: the same GETs and PUTs with the same site and store, over as many connections. Nothing
 * is parsed, checked, hashed or signed.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { Agent, request } from 'undici';

export interface BareWork {
  readonly page: string;
  readonly pictures: readonly string[];
  /** Where each goes: as many as there are pictures. */
  readonly targets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Over one connection of HTTP/2. */
  readonly isHttp2?: boolean;
}

/** The defaults of `CONNECTIONS_PER_HOST`, of `STREAMS_PER_HOST` and of the uploads of a call. */
const CONNECTIONS = 32;
const STREAMS = 100;
const site = new Agent({ connections: CONNECTIONS, pipelining: 1 });
const store = new Agent({ connections: 32, pipelining: 1 });
/** Held back like the real work does: so many pictures are in memory at once. */
const UPLOADS_MAX = 32;

export async function run({ page, pictures, targets, headers, isHttp2 }: BareWork): Promise<void> {
  const session = isHttp2 ? connect(new URL(page).origin) : undefined;
  session?.once('connect', () => session.setLocalWindowSize(32 * 1024 * 1024));
  const read = session === undefined ? readByHttp1 : (url: string) => readByHttp2(session, url);
  await read(page);
  let next = 0;
  const uploads = new Set<Promise<void>>();
  const download = async () => {
    while (next < pictures.length) {
      const index = next++;
      const bytes = await read(pictures[index] ?? '');
      while (uploads.size >= UPLOADS_MAX) await Promise.race(uploads);
      const upload = put(targets[index] ?? '', bytes, headers).finally(() => uploads.delete(upload));
      uploads.add(upload);
    }
  };
  await Promise.all(Array.from({ length: isHttp2 ? STREAMS : CONNECTIONS }, download));
  await Promise.all(uploads);
  session?.destroy();
}

async function readByHttp2(session: ClientHttp2Session, url: string): Promise<Buffer> {
  const { pathname } = new URL(url);
  return await buffer(session.request({ ':path': pathname }));
}

async function readByHttp1(url: string): Promise<Buffer> {
  const { statusCode, body } = await request(url, { dispatcher: site });
  if (statusCode !== 200) throw new Error(`GET was answered ${statusCode}`);
  return Buffer.from(await body.arrayBuffer());
}

async function put(url: string, bytes: Buffer, headers: Readonly<Record<string, string>>): Promise<void> {
  const { statusCode, body } = await request(url, { method: 'PUT', body: bytes, headers, dispatcher: store });
  await body.dump();
  if (statusCode !== 200) throw new Error(`PUT was answered ${statusCode}`);
}
