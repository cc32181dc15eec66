/**
 * The physical limit of a POST: the same GETs from the same site and PUTs of the same bytes to the same store, with
 * as many connections, and nothing else. Nothing is parsed, checked, hashed or signed.
 */
import { Agent, request } from 'undici';

export interface BareWork {
  readonly page: string;
  readonly pictures: readonly string[];
  /** Where each goes: as many as there are pictures. */
  readonly targets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** The defaults of `CONNECTIONS_PER_HOST` and of the uploads of a call. */
const site = new Agent({ connections: 8, pipelining: 1 });
const store = new Agent({ connections: 32, pipelining: 1 });
/** Held back like the real work does: so many pictures are in memory at once. */
const UPLOADS_MAX = 32;

export async function run({ page, pictures, targets, headers }: BareWork): Promise<void> {
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
  await Promise.all(Array.from({ length: 8 }, download));
  await Promise.all(uploads);
}

async function read(url: string): Promise<Buffer> {
  const { statusCode, body } = await request(url, { dispatcher: site });
  if (statusCode !== 200) throw new Error(`GET was answered ${statusCode}`);
  return Buffer.from(await body.arrayBuffer());
}

async function put(url: string, bytes: Buffer, headers: Readonly<Record<string, string>>): Promise<void> {
  const { statusCode, body } = await request(url, { method: 'PUT', body: bytes, headers, dispatcher: store });
  await body.dump();
  if (statusCode !== 200) throw new Error(`PUT was answered ${statusCode}`);
}
