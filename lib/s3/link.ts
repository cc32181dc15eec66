import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

type Presigning = Parameters<typeof getSignedUrl>;
export type PresigningClient = Presigning[0];
/** Command classes do not match it literally under `exactOptionalPropertyTypes`: callers assert it. */
export type PresignedCommand = Presigning[1];

/**
 * A link that reads one object without keys until it expires. Nothing is asked of the store for it.
 *
 * @param signingDate the time at the store
 */
export function presign(
  client: PresigningClient,
  command: PresignedCommand,
  ttlSeconds: number,
  signingDate = new Date(),
): Promise<string> {
  return getSignedUrl(client, command, { expiresIn: ttlSeconds, signingDate });
}
