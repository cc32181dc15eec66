import { createHash } from 'node:crypto';

/** 32 hex digits that stand for a page in every key. `url` is the canonical one, see `parsePageUrl`. */
export function pageIdOf(url: string): string {
  return shortHash(url);
}

/** 32 hex digits that stand for an image in every key. `url` is a candidate's. */
export function imageIdOf(url: string): string {
  return shortHash(url);
}

/** The first 32 hex digits of SHA-256: 128 bits, as good as unique. */
export function shortHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
