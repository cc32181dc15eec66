/**
 * A site whose pages and pictures, of any number and size, are made for each request. Over TCP: `site.ts`. Over TLS, with
 * paths of PEM files: `site.ts HTTP/2 KEY CERTIFICATE` or `site.ts HTTP/1.1 KEY CERTIFICATE`. It serves
 * `/page/<images>/<bytes>/<latency>/<name>`, `/picture/<bytes>/<latency>/<name>/<number>.png` and `/counts`.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

/** libpng's own size of an IDAT chunk. */
const PIECE_BYTES = 8_192;
const CHUNK_BYTES = 12;

const counts = { requests: 0, pictureBytes: 0 };
const paddings = new Map<number, Buffer>();

const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  counts.requests += 1;
  const [, kind, ...rest] = (request.url ?? '').split('/');
  if (kind === 'counts') return void response.end(JSON.stringify(counts));
  if (kind === 'page') {
    const [images = '', bytes = '', latency = '', name = ''] = rest;
    if (Number(latency) > 0) await wait(Number(latency));
    return sendPage(response, Number(images), `/picture/${bytes}/${latency}/${name}`);
  }
  const [bytes = '', latency = '', name = '', number = ''] = rest;
  if (Number(latency) > 0) await wait(Number(latency));
  const etag = `"${name}-${number}"`;
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  const [head, padding, tail] = pictureOf(Number(bytes), `${name}/${number}`);
  const length = head.length + padding.length + tail.length;
  counts.pictureBytes += length;
  response.writeHead(200, { 'content-type': 'image/png', 'content-length': length, etag });
  response.write(head);
  response.write(padding);
  response.end(tail);
};

function startServer() {
  const [version, key = '', cert = ''] = process.argv.slice(2);
  if (version === undefined) return createServer(respond);
  const identity = { key: readFileSync(key), cert: readFileSync(cert) };
  // Its requests and responses have what `respond` uses of those of HTTP/1.1.
  return version === 'HTTP/2'
    ? createSecureServer(identity, respond as never)
    : createTlsServer(identity, respond);
}

function sendPage(response: ServerResponse, images: number, folder: string): void {
  const lines = Array.from(
    { length: images },
    (_, number) => `<figure><img src="${folder}/${number}.png" alt="Number ${number}"></figure>`,
  );
  const body = Buffer.from(`<!doctype html><title>Benchmark</title>\n${lines.join('\n')}\n`);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length });
  response.end(body);
}

/** A PNG of about `bytes` whose bytes no other one has; what is in its IDAT chunks is noise. */
function pictureOf(bytes: number, name: string): readonly [Buffer, Buffer, Buffer] {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(640, 0);
  header.writeUInt32BE(480, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const head = [signature, chunk('IHDR', header), chunk('tEXt', Buffer.from(`Title\0${name}`))];
  const tail = chunk('IEND', Buffer.alloc(0));
  return [Buffer.concat(head), paddingOf(bytes), tail];
}

function paddingOf(bytes: number): Buffer {
  let padding = paddings.get(bytes);
  if (padding === undefined) {
    const pieces: Buffer[] = [];
    for (let left = bytes - 120; left > 0; left -= PIECE_BYTES + CHUNK_BYTES) {
      const data = Buffer.alloc(Math.min(PIECE_BYTES, left));
      for (let index = 0; index < data.length; index += 1) data[index] = (index * 131 + pieces.length) & 255;
      pieces.push(chunk('IDAT', data));
    }
    padding = Buffer.concat(pieces);
    paddings.set(bytes, padding);
  }
  return padding;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

process.on('disconnect', () => process.exit());
const server = startServer();
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
