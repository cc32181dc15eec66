/** Every implementation of the bucket that this machine can run. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ImageStore, RecordStore, SweepProgress } from '../../lib/domain/ports.ts';
import { createS3Store } from '../../lib/s3/store.ts';
import { LOCAL_KEYS } from '../../local-stack/embedded/localKeys.ts';
import { startObjectStore } from '../../local-stack/embedded/objectStore.ts';
import { createMemoryStore } from '../fakes/memoryStore.ts';
import { selfSigned } from '../lib/web/selfSigned.ts';
import { type Closing, everyOther, startClosingStore } from '../support/closingStore.ts';
import { findMinIo, type MinIo, startMinIo } from '../support/minio.ts';
import { FIT_SERVERS, type RunningServer, startS3Server } from '../support/s3Servers.ts';
import { findSeaweedFs, type SeaweedFs, startSeaweedFs } from '../support/seaweedfs.ts';

export interface RunningStore {
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly sweepProgress: SweepProgress;
  /** The same objects without what makes each call dear. */
  readonly seeded?: ImageStore;
  /** Links can be opened over HTTP. */
  readonly hasHttp: boolean;
  close(): Promise<void>;
}

export interface StoreImplementation {
  readonly name: string;
  start(): Promise<RunningStore>;
}

/** What the project brings, and the server that is given. */
export function ownImplementations(): readonly StoreImplementation[] {
  // CI gives that of the compose stack.
  const given = process.env.CONTRACT_STORE;
  return [
    { name: 'the fake', start: startFake },
    { name: 'S3 on the embedded store', start: startEmbedded },
    ...CLOSINGS.map(({ name, ...how }) => ({ name, start: () => startClosing(how) })),
    ...(given === undefined ? [] : [{ name: 'S3 on the given server', start: async () => useGiven(given) }]),
  ];
}

/** Those that this machine has. */
export function realImplementations(): readonly StoreImplementation[] {
  const seaweedFs = findSeaweedFs();
  const minIo = findMinIo();
  return [
    ...(seaweedFs === null
      ? []
      : [{ name: 'S3 on SeaweedFS', start: () => useReal(startSeaweedFs(seaweedFs)) }]),
    ...(minIo === null ? [] : [{ name: 'S3 on MinIO', start: () => useReal(startMinIo(minIo)) }]),
    ...FIT_SERVERS.flatMap(({ name, find, ...server }) => {
      const program = find();
      const start = async () => useReal(startS3Server(server, program ?? ''));
      return program === null ? [] : [{ name: `S3 on ${name}`, start }];
    }),
  ];
}

/** A connection between a client and its store may be closed at any moment, without notice. */
const CLOSINGS = [
  { name: 'S3 on a store that resets each connection when it is used again', closing: 'whenUsedAgain' },
  {
    name: 'S3 over TLS on a store that resets each connection when it is used again',
    closing: 'whenUsedAgain',
    isTls: true,
  },
  { name: 'S3 on a store that closes each connection after its answer', closing: 'afterAnswer' },
  {
    name: 'S3 over TLS on a store that closes each connection after its answer',
    closing: 'afterAnswer',
    isTls: true,
  },
  { name: 'S3 on a store that cuts every other answer', closing: 'withinAnswer' },
  { name: 'S3 over TLS on a store that cuts every other answer', closing: 'withinAnswer', isTls: true },
] as const satisfies readonly ({ readonly name: string } & ClosingOptions)[];

interface ClosingOptions {
  readonly closing: Closing;
  readonly isTls?: true;
}

async function startFake(): Promise<RunningStore> {
  return { ...createMemoryStore(), hasHttp: false, close: async () => undefined };
}

async function startEmbedded(): Promise<RunningStore> {
  const directory = await mkdtemp(join(tmpdir(), 'object-store-'));
  const server = await startObjectStore({ port: 0, directory, bucket: 'contract' });
  const store = createS3Store({
    bucket: 'contract',
    region: 'us-east-1',
    endpoint: server.endpoint,
    credentials: LOCAL_KEYS,
    linkTtlSeconds: 60,
  });
  const close = async () => {
    store.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { ...store, hasHttp: true, close };
}

async function startClosing({ closing, isTls }: ClosingOptions): Promise<RunningStore> {
  const directory = await mkdtemp(join(tmpdir(), 'object-store-'));
  const server = await startObjectStore({ port: 0, directory, bucket: 'contract' });
  const certificate = isTls && selfSigned('localhost', new Date());
  const trusted = getCACertificates('default');
  if (certificate) setDefaultCACertificates([...trusted, certificate.cert]);
  const applies = closing === 'withinAnswer' ? everyOtherThatRepeats() : () => true;
  const front = await startClosingStore(server.endpoint, closing, {
    applies,
    ...(certificate && { certificate }),
  });
  const store = createS3Store({
    bucket: 'contract',
    region: 'us-east-1',
    endpoint: front.endpoint,
    // The tests' own client opens the links.
    publicEndpoint: server.endpoint,
    credentials: LOCAL_KEYS,
    linkTtlSeconds: 60,
  });
  const direct = createS3Store({
    bucket: 'contract',
    region: 'us-east-1',
    endpoint: server.endpoint,
    credentials: LOCAL_KEYS,
    linkTtlSeconds: 60,
  });
  const close = async () => {
    store.close();
    direct.close();
    setDefaultCACertificates(trusted);
    await front.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
    if (front.closed.length === 0) throw new Error('No connection was closed.');
  };
  return { ...store, seeded: direct.images, hasHttp: true, close };
}

/** No conditional one: that its outcome is then unclear is what the contract says. */
function everyOtherThatRepeats(): (request: IncomingMessage) => boolean {
  const isCut = everyOther();
  return (request) =>
    request.headers['if-match'] === undefined &&
    request.headers['if-none-match'] === undefined &&
    isCut(request);
}

async function useReal(starting: Promise<MinIo | SeaweedFs | RunningServer>): Promise<RunningStore> {
  const server = await starting;
  const store = createS3Store(server.config);
  const close = async () => {
    store.close();
    await server.close();
  };
  return { ...store, hasHttp: true, close };
}

/** A server that is there already, with the stack's own bucket and the keys that the API has there. */
function useGiven(endpoint: string): RunningStore {
  const store = createS3Store({
    bucket: 'mybucket',
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'minioadmin', secretAccessKey: 'minioadmin' },
    linkTtlSeconds: 60,
  });
  return { ...store, hasHttp: true, close: async () => store.close() };
}
