/** The gate in front of the object store: every request is named, passed on whole, and its answer passed back whole. */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SWEEP_KEY } from '../../../../lib/s3/sweepProgress.ts';
import type { Gate } from './gate.ts';
import { watchSockets } from './sockets.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface S3Gate {
  readonly endpoint: string;
  /** Where requests go from now on. */
  lead(endpoint: string): void;
  /** The records that the store took since the last `lead`, as `pages/<pageId>.json` and text. */
  committed(): readonly (readonly [string, string])[];
  /** Resolves when no client is connected. */
  alone(): Promise<void>;
  close(): Promise<void>;
}

export async function startS3Gate(gate: Gate): Promise<S3Gate> {
  // A new connection each time: a reused one that the store has just closed would make the client ask twice.
  const agent = new Agent({ keepAlive: false });
  let target = '';
  let committed: (readonly [string, string])[] = [];
  let isInBurst = false;

  const respond = async (incoming: IncomingMessage, response: ServerResponse) => {
    const name = nameOf(incoming);
    const body = await bytesOf(incoming);
    if (name === BURST && isInBurst) {
      // Of simultaneous writes none is told from another: the first stands for all.
      const { status, headers, body: text } = await forward(agent, target, incoming, body);
      return void response.writeHead(status, headers).end(text);
    }
    isInBurst = name === BURST;
    const call = gate.arrive(name);
    if ((await gate.pass(call, 'before')) === 'drop') return void response.destroy();
    const answered = await forward(agent, target, incoming, body);
    const key = keyOf(incoming);
    if (incoming.method === 'PUT' && key.startsWith('pages/') && answered.status === 200) {
      committed.push([key, body.toString()]);
    }
    if ((await gate.pass(call, 'after')) === 'drop') return void response.destroy();
    response.writeHead(answered.status, answered.headers).end(answered.body);
  };
  const server = createServer((incoming, response) => {
    // A request that is cut off in its body never was one.
    gate.track(respond(incoming, response)).catch(() => response.destroy());
  });
  const alone = watchSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead(endpoint) {
      target = endpoint;
      committed = [];
    },
    committed: () => committed,
    alone,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const BURST = 's3 PUT burst';

/** `/bucket/key` without the bucket. */
function keyOf({ url = '' }: IncomingMessage): string {
  return decodeURIComponent(new URL(url, 'http://store').pathname).split('/').slice(2).join('/');
}

function nameOf(incoming: IncomingMessage): string {
  const key = keyOf(incoming);
  if (key === '') return incoming.method === 'POST' ? 's3 DELETE images' : 's3 LIST images';
  if (key.startsWith('pages/')) return `s3 ${incoming.method} record`;
  if (key.startsWith('images/')) return `s3 ${incoming.method} ${key.split('/').at(-1)}`;
  if (key === SWEEP_KEY) return `s3 ${incoming.method} place`;
  if (key.startsWith('checks/burst-') && incoming.method === 'PUT') return BURST;
  return `s3 ${incoming.method} ${key.endsWith('.json') ? 'mark of the check' : 'check'}`;
}

function forward(agent: Agent, target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, headers } = incoming;
    request(new URL(incoming.url ?? '', target), { agent, method, headers }, (answered) => {
      bytesOf(answered).then(
        (text) => resolve({ status: answered.statusCode ?? 500, headers: answered.headers, body: text }),
        reject,
      );
    })
      .on('error', reject)
      .end(body);
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
