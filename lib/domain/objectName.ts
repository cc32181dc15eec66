/** The parts of an image's key in the bucket. */
export interface ObjectNameParts {
  /** `imageIdOf` the image's URL. */
  readonly imageId: string;
  /** `pageIdOf` the page's URL. */
  readonly pageId: string;
  /** Id of the operation that wrote the object: letters, digits, `-` and `_`. */
  readonly opId: string;
  /** From `fileNameOf`. For people to read: it does not identify the image. */
  readonly fileName: string;
}

const OBJECT_NAME =
  /^images\/(?<imageId>[0-9a-f]{32})\/(?<pageId>[0-9a-f]{32})\/(?<opId>[\w-]{1,64})\/(?<fileName>[^/\\\p{C}]{1,255})$/u;

/** The key of a copy: `images/<imageId>/<pageId>/<opId>/<fileName>`. */
export function objectName(imageId: string, pageId: string, opId: string, fileName: string): string {
  return `images/${imageId}/${pageId}/${opId}/${fileName}`;
}

/** The parts of a key that `objectName` returned; null for any other key. */
export function parseObjectName(name: string): ObjectNameParts | null {
  const { imageId, pageId, opId, fileName } = OBJECT_NAME.exec(name)?.groups ?? {};
  if (!imageId || !pageId || !opId || !fileName || fileName === '.' || fileName === '..') return null;
  return { imageId, pageId, opId, fileName };
}
