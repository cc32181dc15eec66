/** The keys of the embedded object store. */

export interface StoreKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** They are no secret: what keeps others out is that the store listens on this machine alone. */
export const LOCAL_KEYS: StoreKeys = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
