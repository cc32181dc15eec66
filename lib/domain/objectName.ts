/** The parts of an image's key in the bucket. */
export interface ObjectNameParts {
  /** 32 hex digits, of the image's URL. */
  readonly imageId: string;
  /** 32 hex digits, of the page's URL. */
  readonly pageId: string;
  /** Of the operation that wrote it: letters, digits, `-` and `_`. */
  readonly opId: string;
  /** As `fileNameOf` makes it: display, not identity. */
  readonly fileName: string;
}

const OBJECT_NAME =
  /^images\/(?<imageId>[0-9a-f]{32})\/(?<pageId>[0-9a-f]{32})\/(?<opId>[\w-]{1,64})\/(?<fileName>[^/\\\p{C}]{1,255})$/u;

/** `images/<imageId>/<pageId>/<opId>/<fileName>` */
export function objectName(imageId: string, pageId: string, opId: string, fileName: string): string {
  return `images/${imageId}/${pageId}/${opId}/${fileName}`;
}

/** The parts of a key of that form; null for any other key, which is not ours. */
export function parseObjectName(name: string): ObjectNameParts | null {
  const { imageId, pageId, opId, fileName } = OBJECT_NAME.exec(name)?.groups ?? {};
  if (!imageId || !pageId || !opId || !fileName || fileName === '.' || fileName === '..') return null;
  return { imageId, pageId, opId, fileName };
}
