/**
 * The cursor of an image look-up: 43 characters of base64url that callers give back unread. It holds the id of
 * the image (16 bytes) and that of the last page whose record was looked at (16 bytes). It names a page and not an
 * object, so a copy that is replaced between two answers is neither missed nor listed twice.
 */

/** 32 bytes in base64url. */
export const CURSOR = /^[A-Za-z0-9_-]{43}$/;

/** Where the look-up of an image goes on: behind this page. Both ids are 32 hex digits. */
export function writeCursor(imageId: string, pageId: string): string {
  return Buffer.from(imageId + pageId, 'hex').toString('base64url');
}

/** The page id in a cursor; null when it is not a cursor of this image. */
export function readCursor(text: string, imageId: string): string | null {
  if (!CURSOR.test(text)) return null;
  const ids = Buffer.from(text, 'base64url').toString('hex');
  const pageId = ids.slice(32);
  // The last character has two bits that say nothing: of its four spellings one is ours.
  return ids.startsWith(imageId) && writeCursor(imageId, pageId) === text ? pageId : null;
}
