/** Every implementation of the bucket that this machine can run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageStore, RecordStore } from '../../lib/ports.ts';
import { createS3Store } from '../../lib/record/s3Store.ts';
import { LOCAL_KEYS } from '../../local-stack/embedded/localKeys.ts';
import { startObjectStore } from '../../local-stack/embedded/objectStore.ts';
import { createMemoryStore } from '../fakes/memoryStore.ts';
import { findSeaweedFs, startSeaweedFs } from '../support/seaweedfs.ts';

export interface RunningStore {
  readonly records: RecordStore;
  readonly images: ImageStore;
  /** Links can be opened over HTTP. */
  readonly hasHttp: boolean;
  close(): Promise<void>;
}

export interface StoreImplementation {
  readonly name: string;
  start(): Promise<RunningStore>;
}

export function storeImplementations(): readonly StoreImplementation[] {
  const seaweedFs = findSeaweedFs();
  // CI gives MinIO's, in the compose stack.
  const given = process.env.CONTRACT_STORE;
  return [
    { name: 'the fake', start: startFake },
    { name: 'S3 on the embedded store', start: startEmbedded },
    ...(seaweedFs === null ? [] : [{ name: 'S3 on SeaweedFS', start: () => startReal(seaweedFs) }]),
    ...(given === undefined ? [] : [{ name: 'S3 on the given server', start: async () => useGiven(given) }]),
  ];
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

async function startReal(program: string): Promise<RunningStore> {
  const server = await startSeaweedFs(program);
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
