/** The keys of the embedded object store. */

export interface StoreKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** They are not secret: the store is protected because it listens on this machine only. */
export const LOCAL_KEYS: StoreKeys = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
