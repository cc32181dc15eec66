/** Starts real Redis servers as they are used: alone, with TLS and users, as replicas, as a cluster. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type ChildService, findProgram, startChild } from '../../local-stack/embedded/childService.ts';
import { commandOf, endOf } from '../deep/faults/kill/redisGate.ts';
import { type SelfSigned, selfSigned } from '../lib/web/selfSigned.ts';
import { freePorts } from './startApp.ts';
import { until } from './until.ts';

/** The Redis programs that this machine has. */
export function findRedisPrograms(): readonly { readonly name: string; readonly program: string }[] {
  return ['redis-server', 'valkey-server'].flatMap((name) => {
    const program = findProgram([name], process.env.PATH);
    return program === null ? [] : [{ name, program }];
  });
}

export interface ServerOptions {
  /** Lines of the configuration file. */
  readonly settings?: readonly string[];
  /** Certificate for localhost. The server then has only TLS. */
  readonly tls?: SelfSigned;
}

export interface RealRedis extends AsyncDisposable {
  readonly port: number;
  /** `redis://127.0.0.1:<port>`, or `rediss://localhost:<port>`. */
  readonly url: string;
  /** The raw reply to one command, on a new connection. */
  ask(...words: readonly string[]): Promise<string>;
}

/** Another program may take the port before the server starts. */
const STARTS_MAX = 3;

/** A running server, once it responds. Its files are removed when it is disposed of. */
export async function startRealRedis(
  program: string,
  { settings = [], tls }: ServerOptions = {},
): Promise<RealRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'real-redis-'));
  for (let start = 1; ; start += 1) {
    const [port = 0, busPort = 0] = await freePorts(2);
    const isCluster = settings.includes('cluster-enabled yes');
    const lines = [
      tls ? `port 0\ntls-port ${port}` : `port ${port}`,
      ...(isCluster ? [`cluster-port ${busPort}`] : []),
      'bind 127.0.0.1',
      `dir ${folder}`,
      'save ""',
      'appendonly no',
      ...(tls ? ['tls-auth-clients no', ...(await tlsFiles(folder, tls))] : []),
      ...settings,
    ];
    const file = join(folder, 'server.conf');
    await writeFile(file, `${lines.join('\n')}\n`);
    const child = startChild(program, [file], folder);
    const ask = (...words: readonly string[]) => askOnce(port, tls, words);
    if (await isUp(child, () => ask('PING'))) {
      return {
        port,
        url: tls ? `rediss://localhost:${port}` : `redis://127.0.0.1:${port}`,
        ask,
        async [Symbol.asyncDispose]() {
          await child.close();
          await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        },
      };
    }
    await child.close();
    if (start === STARTS_MAX) throw new Error(`${program} did not start:\n${child.output()}`);
  }
}

export const certificate = (): SelfSigned => selfSigned('localhost', new Date());

async function tlsFiles(folder: string, { cert, key }: SelfSigned): Promise<readonly string[]> {
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  return [
    `tls-cert-file ${folder}/cert.pem`,
    `tls-key-file ${folder}/key.pem`,
    `tls-ca-cert-file ${folder}/cert.pem`,
  ];
}

/** Whether the server responds; a refusal (NOAUTH) is a response too. */
async function isUp(child: ChildService, ping: () => Promise<string>): Promise<boolean> {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  await until(async () => hasEnded || (await ping().catch(() => '')) !== '');
  return !hasEnded;
}

function askOnce(port: number, tls: SelfSigned | undefined, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls
      ? connectTls({ port, host: 'localhost', ca: tls.cert })
      : connect({ port, host: '127.0.0.1' });
    let unread = Buffer.alloc(0);
    socket
      .on('data', (data) => {
        unread = Buffer.concat([unread, data]);
        if (endOf(unread, 0) === null) return;
        resolve(unread.toString());
        socket.destroy();
      })
      .on('error', reject)
      .on('close', () => reject(new Error('Redis hung up.')));
    socket.write(commandOf(...words));
  });
}

/** Makes `replica` follow `primary`; resolves when it has all data. */
export async function follow(replica: RealRedis, primary: RealRedis): Promise<void> {
  await replica.ask('REPLICAOF', '127.0.0.1', String(primary.port));
  await until(async () => (await replica.ask('INFO', 'replication')).includes('master_link_status:up'));
}

export interface RealCluster extends AsyncDisposable {
  /** The slots are distributed evenly among them, in order. */
  readonly primaries: readonly RealRedis[];
  /** Replica of the first primary. */
  readonly replica: RealRedis;
}

const SLOTS = 16_384;

/** A cluster of three primaries and a replica of the first, once each of them reports that the cluster is well. */
export async function startRealCluster(program: string, options: ServerOptions = {}): Promise<RealCluster> {
  const settings = [
    'cluster-enabled yes',
    'cluster-node-timeout 1000',
    'repl-diskless-sync-delay 0',
    ...(options.tls
      ? [
          'tls-cluster yes',
          'tls-replication yes',
          'cluster-announce-hostname localhost',
          'cluster-preferred-endpoint-type hostname',
        ]
      : []),
    ...(options.settings ?? []),
  ];
  const nodes = await Promise.all([0, 1, 2, 3].map(() => startRealRedis(program, { ...options, settings })));
  const close = async () => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
  };
  const [first, second, third, replica] = nodes;
  if (!first || !second || !third || !replica) throw new Error('There are four.');
  try {
    const primaries = [first, second, third];
    for (const [index, node] of primaries.entries()) {
      const [from, end] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / primaries.length));
      await node.ask('CLUSTER', 'ADDSLOTSRANGE', String(from), String((end ?? 0) - 1));
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const node of nodes.slice(1))
      await first.ask('CLUSTER', 'MEET', '127.0.0.1', String(node.port), await busPortOf(node));
    const isWell = async (node: RealRedis) => {
      const info = await node.ask('CLUSTER', 'INFO');
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`);
    };
    await until(async () => (await Promise.all(nodes.map(isWell))).every(Boolean));
    const id = (await first.ask('CLUSTER', 'MYID')).split('\r\n')[1] ?? '';
    await replica.ask('CLUSTER', 'REPLICATE', id);
    await until(async () => (await replica.ask('INFO', 'replication')).includes('master_link_status:up'));
    return { primaries, replica, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The bus port of a node, from its line in CLUSTER NODES: `<id> <ip>:<port>@<bus port>…`. */
async function busPortOf(node: RealRedis): Promise<string> {
  return /@(\d+)[^\n]*\bmyself\b/.exec(await node.ask('CLUSTER', 'NODES'))?.[1] ?? '';
}
