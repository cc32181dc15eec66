/** MinIO's client, as the server's root and as the API's user. */
import type { Output, Stack } from './stack.ts';

/** The values in .env.example, of which the trial changes only secrets. */
export const BUCKET = 'mybucket';
/** Name and password of the API's user. */
export const APP = 'minioadmin:minioadmin';
const ROOT_USER = 'storage-root';

/** Runs `mc` with these arguments. A path begins with its user: `root/` or `app/`. Never throws. */
export type StoreClient = (...args: readonly string[]) => Promise<Output>;

/** The client in the server's container, which stores nothing. */
export async function storeClient(stack: Stack): Promise<StoreClient> {
  const container = await stack.container('minio');
  const users = { root: `${ROOT_USER}:${stack.settings.MINIO_ROOT_PASSWORD}`, app: APP };
  const environment = Object.entries(users).flatMap(([name, keys]) => [
    '--env',
    `MC_HOST_${name}=http://${keys}@127.0.0.1:9000`,
  ]);
  const exec = ['exec', '--env', 'MC_CONFIG_DIR=/tmp/mc-trial', ...environment, container, 'mc'];
  return (...args) => stack.tryDocker(...exec, '--json', ...args);
}
