/** The XML bodies of the S3 protocol that the embedded store uses. */
import type { ObjectFacts } from './objectFiles.ts';

export interface Listing {
  readonly prefix: string;
  readonly objects: readonly ObjectFacts[];
  /** Continuation token; absent at the end. */
  readonly next?: string;
}

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

export function errorXml(code: string, message: string): string {
  return `${HEAD}<Error>${element('Code', code)}${element('Message', message)}</Error>`;
}

/** The response of ListObjectsV2. */
export function listXml({ prefix, objects, next }: Listing): string {
  const contents = objects.map(
    ({ key, size, etag, lastModified }) =>
      `<Contents>${element('Key', key)}${element('Size', String(size))}${element('ETag', etag)}${element('LastModified', lastModified)}</Contents>`,
  );
  return [
    `${HEAD}<ListBucketResult ${NAMESPACE}>`,
    element('Prefix', prefix),
    element('KeyCount', String(objects.length)),
    element('IsTruncated', String(next !== undefined)),
    ...(next === undefined ? [] : [element('NextContinuationToken', next)]),
    ...contents,
    '</ListBucketResult>',
  ].join('');
}

/** The response of DeleteObjects when all objects are removed and the caller asked for failures only. */
export function deletedXml(): string {
  return `${HEAD}<DeleteResult ${NAMESPACE}></DeleteResult>`;
}

/** The keys in the body of DeleteObjects; null when it has no keys. */
export function readKeysToDelete(xml: string): readonly string[] | null {
  const keys = Array.from(xml.matchAll(/<Key>([^<]*)<\/Key>/g), ([, text = '']) => decodeEntities(text));
  return keys.length === 0 ? null : keys;
}

function element(name: string, text: string): string {
  return `<${name}>${encodeEntities(text)}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function encodeEntities(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

/** The text with the named entities of XML and character references resolved. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (entity, hex, decimal, name) => {
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (name !== undefined) return NAMED[entity] ?? entity;
    return point <= 0x10ffff ? String.fromCodePoint(point) : entity;
  });
}

const NAMED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTITIES).map(([sign, entity]) => [entity, sign]),
);
