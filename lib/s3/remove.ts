/** Removing objects: many in one request, or one by one where the store refuses that. */
import { isMissing, statusOf } from './problem.ts';

/** As the protocol's answer lists it. */
export interface NotRemoved {
  readonly Key?: string | undefined;
  readonly Code?: string | undefined;
}

interface CallOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

export interface Removals {
  /** DeleteObjects. */
  together(keys: readonly string[], options: CallOptions): Promise<readonly NotRemoved[]>;
  /** DeleteObject. */
  one(key: string, options: CallOptions): Promise<void>;
}

const SINGLY_AT_ONCE = 16;

/** Statuses of a store that is busy or slow, or of a bucket that is not there: one by one would end likewise. */
const OTHERWISE: readonly number[] = [404, 408, 409, 429];

/**
 * Resolves with what could not be removed. Some stores and proxies refuse DeleteObjects and take DeleteObject; from
 * the first such refusal on this process asks one by one.
 *
 * @param onRefused given the refusal, once, after the objects were removed one by one
 */
export function createRemover({ together, one }: Removals, onRefused: (cause: unknown) => void) {
  let isRefused = false;

  const singly = async (keys: readonly string[], options: CallOptions) => {
    const left = [...keys];
    const work = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) {
        await one(key, options).catch((error: unknown) => {
          if (isMissing(error)) return;
          left.length = 0;
          throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: SINGLY_AT_ONCE }, work));
  };

  return async (keys: readonly string[], options: CallOptions): Promise<readonly NotRemoved[]> => {
    try {
      if (!isRefused) return await together(keys, options);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await singly(keys, options);
      if (!isRefused) onRefused(error);
      isRefused = true;
      return [];
    }
    await singly(keys, options);
    return [];
  };
}

/** The store has answered, and not with what passes. Of successes only one that is not S3's counts: others were cut. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined) return false;
  if (status < 300) return ['NotS3', 'WebPage'].includes((error as Error).name);
  return status === 501 || (status < 500 && !OTHERWISE.includes(status));
}
