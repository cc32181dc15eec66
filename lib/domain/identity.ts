import { createHash } from 'node:crypto';

/** The id of a page in every key: 32 hex digits. `url` is canonical, as `parsePageUrl` returns it. */
export function pageIdOf(url: string): string {
  return shortHash(url);
}

/** The id of an image in every key: 32 hex digits. `url` is `Candidate.url`. */
export function imageIdOf(url: string): string {
  return shortHash(url);
}

/** The first 32 hex digits (128 bits) of the content's SHA-256: collisions are not expected. */
export function shortHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
