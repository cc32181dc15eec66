/**
 * The cursor of an image look-up: 43 characters of base64url, opaque to callers. It holds the image's id (16 bytes) and
 * the id of the last page whose record was read (16 bytes). A copy may be replaced between two responses: because the
 * cursor names a page, not an object, that copy is neither missed nor listed twice.
 */

/** 32 bytes in base64url. */
export const CURSOR = /^[A-Za-z0-9_-]{43}$/;

/** The cursor with which a look-up of the image continues after this page. Both ids are 32 hex digits. */
export function writeCursor(imageId: string, pageId: string): string {
  return Buffer.from(imageId + pageId, 'hex').toString('base64url');
}

/** The page id in a cursor (32 hex digits); null when it is not a cursor of this image. */
export function readCursor(text: string, imageId: string): string | null {
  if (!CURSOR.test(text)) return null;
  const ids = Buffer.from(text, 'base64url').toString('hex');
  const pageId = ids.slice(32);
  // Two bits of the last character are unused. Only the spelling that `writeCursor` returns is accepted.
  return ids.startsWith(imageId) && writeCursor(imageId, pageId) === text ? pageId : null;
}
