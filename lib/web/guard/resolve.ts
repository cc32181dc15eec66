/** What a way of finding the addresses of a name promises. */

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name, in the order to try them. Rejects with a `code`, which the implementation names. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;
