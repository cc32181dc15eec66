/** A site of many pages whose pictures come, change and go, and which at times misbehaves. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pngOf } from '../../support/pictures.ts';
import type { Random } from '../../support/random.ts';

export type SiteMood = 'well' | 'failing' | 'resetting' | 'truncating' | 'hanging';

export interface ChangingSite {
  readonly origin: string;
  urlOf(page: number): string;
  /** A picture comes, goes or changes. */
  change(page: number, random: Random): void;
  /** The SHA-256 of every picture that the page names now, by the picture's URL, in page order. */
  pictures(page: number): ReadonlyMap<string, string>;
  setMood(mood: SiteMood): void;
  close(): Promise<void>;
}

/** Bytes of a picture are made of these three numbers alone. */
interface Picture {
  readonly page: number;
  readonly id: number;
  version: number;
}

const PICTURES_MAX = 12;

export async function startChangingSite(pageCount: number): Promise<ChangingSite> {
  const pages = Array.from({ length: pageCount }, (_, page) =>
    Array.from({ length: 1 + (page % 6) }, (_, id): Picture => ({ page, id, version: 0 })),
  );
  let nextId = PICTURES_MAX;
  let mood: SiteMood = 'well';
  const hanging = new Set<ServerResponse>();

  const pathOf = ({ page, id }: Picture) => `/picture/${page}/${id}.png`;
  const bytesOf = ({ page, id, version }: Picture) => pngOf(page * 1_000_003 + id * 1_009 + version, 8, 8);

  const server = createServer((request, response) => {
    if (mood === 'hanging') {
      hanging.add(response);
      response.on('close', () => hanging.delete(response));
      return;
    }
    if (mood === 'resetting') return void request.socket.destroy();
    if (mood === 'failing') return void response.writeHead(503).end();
    respond(request, response);
  });

  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const [, kind, page = '', name = ''] = (request.url ?? '').split('/');
    const pictures = pages[Number(page)];
    const picture = pictures?.find(({ id }) => `${id}.png` === name);
    if (pictures === undefined || (kind === 'picture' && picture === undefined)) {
      return void response.writeHead(404).end();
    }
    const body =
      picture === undefined
        ? Buffer.from(
            ['<!doctype html>', ...pictures.map((each) => `<img src="${pathOf(each)}" alt="">`)].join('\n'),
          )
        : bytesOf(picture);
    // A page is always new; pictures have validators, so that updates cost what they cost on the real web.
    const etag = picture && `"${picture.id}-${picture.version}"`;
    if (etag !== undefined && request.headers['if-none-match'] === etag) {
      return void response.writeHead(304, { etag }).end();
    }
    response.writeHead(200, {
      'content-type': picture === undefined ? 'text/html' : 'image/png',
      'content-length': body.length,
      ...(etag !== undefined && { etag }),
    });
    if (mood !== 'truncating') return void response.end(body);
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    urlOf: (page) => `${origin}/page/${page}`,
    change(page, random) {
      const pictures = pages[page] ?? [];
      const chosen = random.below(pictures.length);
      const what = random.next();
      if (what < 0.3 && pictures.length < PICTURES_MAX) {
        nextId += 1;
        pictures.splice(chosen, 0, { page, id: nextId, version: 0 });
      } else if (what < 0.5 && pictures.length > 0) pictures.splice(chosen, 1);
      else if (pictures[chosen] !== undefined) pictures[chosen].version += 1;
    },
    pictures: (page) =>
      new Map(
        (pages[page] ?? []).map((each) => [
          `${origin}${pathOf(each)}`,
          createHash('sha256').update(bytesOf(each)).digest('hex'),
        ]),
      ),
    setMood(next) {
      mood = next;
      for (const response of hanging) response.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
