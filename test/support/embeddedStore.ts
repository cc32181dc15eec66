/** Starts the embedded store in a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ObjectStore, startObjectStore } from '../../local-stack/embedded/objectStore.ts';

/** A running store; closing it removes its folder. */
export async function embeddedStore(
  bucket: string,
  options: Partial<Parameters<typeof startObjectStore>[0]> = {},
): Promise<ObjectStore> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-store-'));
  const server = await startObjectStore({ port: 0, directory, bucket, ...options });
  return {
    endpoint: server.endpoint,
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
