/** Per image: download → check → upload, overlapped, bounded in number and in bytes in flight. */

import type { ByteBudget, ByteShare } from '../concurrency/byteBudget.ts';
import type { FairSemaphore } from '../concurrency/fairSemaphore.ts';
import type { Limits } from '../config.ts';
import { imageIdOf } from '../domain/identity.ts';
import type { Candidate, Reason, StoredItem, Validators } from '../domain/model.ts';
import { objectName } from '../domain/objectName.ts';
import type { ImageStore, Web } from '../domain/ports.ts';
import { fileNameOf } from '../image/fileName.ts';
import { inspectImage } from '../image/inspectImage.ts';
import { sha256Of } from '../image/sha256Of.ts';
import type { Choice } from './choose.ts';
import { imageReason, OUT_OF_TIME } from './faults.ts';

/** The outcome of one candidate. `discarded` has no copy, for the reason given. */
export type Gathered =
  | { readonly kind: 'item'; readonly candidate: Candidate; readonly item: StoredItem }
  | { readonly kind: 'discarded'; readonly candidate: Candidate; readonly reason: Reason };

export interface GatherRequest {
  readonly pageId: string;
  readonly opId: string;
  /** After redirects: the referrer. */
  readonly finalUrl: URL;
  readonly choices: readonly Choice[];
  /** The page's present copies by URL (a PUT), to be validated instead of stored again. */
  readonly present: ReadonlyMap<string, StoredItem>;
  /** Aborted when the time for fetching is over: what is not stored by then is `OUT_OF_TIME`. */
  readonly signal: AbortSignal;
  /** Told of the name of every upload before it is begun, so that a failed operation can take it back. */
  readonly onUpload: (name: string) => void;
  readonly onDownloaded: (bytes: number) => void;
}

export interface GatherServices {
  readonly web: Web;
  readonly images: ImageStore;
  readonly limits: Limits;
  readonly bytesInFlight: ByteBudget;
  /** The process's. */
  readonly uploadPermits: FairSemaphore;
}

/** A response body, or bytes that the page itself brought along. */
interface Body {
  readonly bytes: Buffer;
  readonly isDelimited: boolean;
  readonly validators?: Validators;
}

/**
 * Brings every wanted candidate into the bucket, and answers in the order of `choices`.
 * @throws STORAGE_UNAVAILABLE, once nothing is under way any more
 */
export async function gather(services: GatherServices, request: GatherRequest): Promise<readonly Gathered[]> {
  const failure = new AbortController();
  const takeImage = createImageTaker(services, request, AbortSignal.any([request.signal, failure.signal]));

  const taken: Promise<Gathered>[] = [];
  for (const { candidate, reason } of request.choices) {
    if (reason !== undefined) continue;
    const taking = takeImage(candidate).catch((error: unknown) => {
      // The store failed, or a bug: the other candidates stop too. Uploads under way are still waited for: the store
      // may apply an upload that was cut off, after the other copies were deleted.
      failure.abort();
      throw error;
    });
    taken.push(taking);
  }
  const results = (await Promise.allSettled(taken)).values();
  // Of a million choices a thousand are taken: the others need no promise.
  return request.choices.map(({ candidate, reason }) => {
    if (reason !== undefined) return discarded(candidate, reason);
    const result = results.next().value;
    if (result === undefined) throw new Error('an image was taken and nothing came of it');
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** @param going aborted when nothing new should be begun; `request.signal` alone ends what is under way. */
function createImageTaker(services: GatherServices, request: GatherRequest, going: AbortSignal) {
  const { web, images, limits, bytesInFlight, uploadPermits } = services;
  let bytes = 0;

  /** False once the images of this call have more bytes than one call may take. */
  const count = (more: number): boolean => {
    bytes += more;
    return bytes <= limits.requestMaxBytes;
  };

  async function takeImage(candidate: Candidate): Promise<Gathered> {
    if (candidate.data) return takeInlineImage(candidate, candidate.data);
    const share = openWhenNeeded(bytesInFlight, request.opId);
    try {
      const read = await download(candidate, share);
      if (read.kind === 'failed') return discarded(candidate, imageReason(read));
      if (read.kind === 'read') return await keepImage(candidate, read);
      return unchanged(candidate, read.validators);
    } finally {
      share.release();
    }
  }

  /** Bytes that the page brought along, or is itself. */
  async function takeInlineImage(candidate: Candidate, data: Buffer): Promise<Gathered> {
    if (data.length > limits.imageMaxBytes) return discarded(candidate, TOO_LARGE);
    if (!count(data.length)) return discarded(candidate, OVER_THE_CALL);
    // The page itself, when it is an image, was downloaded; an inline image came with the page.
    if (!candidate.url.startsWith('data:')) request.onDownloaded(data.length);
    return keepImage(candidate, { bytes: data, isDelimited: true });
  }

  function download(candidate: Candidate, share: ByteShare) {
    const validators = request.present.get(candidate.url)?.validators;
    return web.read({
      url: new URL(candidate.url),
      kind: 'image',
      maxBytes: limits.imageMaxBytes,
      referrer: request.finalUrl,
      signal: going,
      ...(validators && { validators }),
      onBytes: (more) => {
        if (!count(more)) return false;
        request.onDownloaded(more);
        return true;
      },
      room: share.acquire,
    });
  }

  async function keepImage(candidate: Candidate, body: Body): Promise<Gathered> {
    const image = await inspectImage(body.bytes, {
      maxPixels: limits.imageMaxPixels,
      isDelimited: body.isDelimited,
    });
    if (!image.ok) return discarded(candidate, { code: image.code, detail: image.detail });
    if (image.isOnePixel && isPlaceholder(candidate)) return discarded(candidate, PLACEHOLDER);

    const sha256 = await sha256Of(body.bytes);
    const present = request.present.get(candidate.url);
    if (present?.sha256 === sha256) return unchanged(candidate, body.validators);

    const { contentType, extension, width, height } = image.facts;
    const fileName = fileNameOf(candidate.url, extension);
    const name = objectName(imageIdOf(candidate.url), request.pageId, request.opId, fileName);
    if (!(await upload(name, body.bytes, contentType, sha256))) return discarded(candidate, OUT_OF_TIME);
    return {
      kind: 'item',
      candidate,
      item: {
        name,
        url: candidate.url,
        sha256,
        bytes: body.bytes.length,
        contentType,
        width,
        height,
        outcome: present ? 'changed' : 'stored',
        foundIn: candidate.places,
        ...(body.validators && { validators: body.validators }),
      },
    };
  }

  /** False when time ran out. */
  async function upload(name: string, bytes: Buffer, contentType: string, sha256: string): Promise<boolean> {
    const release = await uploadPermits.acquire('bucket', request.opId, going).catch(() => null);
    if (release === null) return false;
    request.onUpload(name);
    try {
      await images.put(name, bytes, contentType, request.signal, sha256);
      return true;
    } catch (error) {
      if (request.signal.aborted) return false;
      throw error;
    } finally {
      release();
    }
  }

  function unchanged(candidate: Candidate, fresh: Validators | undefined): Gathered {
    const present = request.present.get(candidate.url);
    // The adapter answers `notModified` only to the validators that were taken from this very copy.
    if (!present) throw new Error('an image without a copy was answered as unchanged');
    const { validators, reason: _, ...facts } = present;
    const latest = fresh ?? validators;
    return {
      kind: 'item',
      candidate,
      item: {
        ...facts,
        outcome: 'unchanged',
        foundIn: candidate.places,
        ...(latest && { validators: latest }),
      },
    };
  }

  return takeImage;
}

/** A share that is opened with its first bytes: a caller's oldest one never waits for room, so it should have some. */
function openWhenNeeded(budget: ByteBudget, caller: string): ByteShare {
  let share: ByteShare | null = null;
  return {
    acquire(count) {
      share ??= budget.open(caller);
      return share.acquire(count);
    },
    release: () => share?.release(),
  };
}

/** A `data:` pixel beside another candidate, or a fetched pixel on a lazily loaded element. */
function isPlaceholder({ data, hasAlternative, isLazyElement }: Candidate): boolean {
  return data === undefined ? isLazyElement : hasAlternative;
}

function discarded(candidate: Candidate, reason: Reason): Gathered {
  return { kind: 'discarded', candidate, reason };
}

const TOO_LARGE: Reason = { code: 'IMAGE_TOO_LARGE', detail: 'The image is larger than the limit.' };

const OVER_THE_CALL: Reason = {
  code: 'LIMIT_REACHED',
  detail: 'The limit on the bytes of one call is reached.',
};

const PLACEHOLDER: Reason = {
  code: 'PLACEHOLDER',
  detail: 'A single pixel in place of an image that is loaded later.',
};
