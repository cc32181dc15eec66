/** Records as JSON text, which the bucket and the cache keep. */

import { pageIdOf } from '../domain/identity.ts';
import type { PageRecord, StoredRecord } from '../domain/model.ts';
import { parseObjectName } from '../domain/objectName.ts';
import { Problem } from '../domain/problem.ts';
import { STORAGE_SENTENCES } from '../domain/storageSentences.ts';

/** A longer text is not a record. With default limits, records stay shorter: see `LISTS_MAX_BYTES` in compose.ts. */
export const RECORD_MAX_BYTES = 32 * 1024 * 1024;
/** A longer text is not cached: sending it could take so long that Redis would count as unreachable. */
export const CACHED_MAX_BYTES = 5 * 1024 * 1024;

export function writeRecord(record: StoredRecord): string {
  return JSON.stringify(record);
}

/** The schema that this version writes. An added member does not change it: older readers ignore the member. */
export const SCHEMA = 1;

/**
 * The record, of this schema or a later one; null when the text is not a record that this program understands.
 *
 * It checks every member on which responses depend, so a truncated text or a foreign file is null. Of a later schema
 * only the members known here are checked. The others stay in the value: a sweep's fence keeps them, an update drops
 * them.
 */
export function readRecord(text: string): StoredRecord | null {
  const parsed = parse(text);
  if (!isObject(parsed) || !isSchema(parsed.schema)) return null;
  const value = parsed.schema > SCHEMA ? { ...MAY_BE_MISSING, ...parsed } : parsed;
  if (!isText(value.opId) || !isListOf(value.predecessors, isText)) return null;
  if (value.kind === 'fence') return parsed as unknown as StoredRecord;
  return isPage(value) ? (value as unknown as PageRecord) : null;
}

function isSchema(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= SCHEMA;
}

/** Defaults for members that a later schema may omit. Its items must be there: they must not be lost. */
const MAY_BE_MISSING: Readonly<Record<string, unknown>> = {
  predecessors: [],
  complete: true,
  variants: 'all',
  counts: { discovered: 0, items: 0, skipped: 0, byCode: {} },
  skipped: [],
  warnings: [],
};

/**
 * Whether the record belongs to this page and names only objects of this page. Otherwise a record under the wrong key
 * would be served for another page, and a PUT would remove the objects that it names.
 */
export function isRecordOf(pageId: string, record: StoredRecord): boolean {
  if (record.kind === 'fence') return true;
  return (
    pageIdOf(record.url) === pageId &&
    record.items.every(({ name }) => parseObjectName(name)?.pageId === pageId)
  );
}

const NOT_UNDERSTOOD = Symbol('the text is no record');

export function notUnderstood(): Problem {
  return new Problem('STORAGE_UNAVAILABLE', {
    detail: STORAGE_SENTENCES.record,
    retryAfterSeconds: 5,
    cause: NOT_UNDERSTOOD,
  });
}

/** Whether the error is about one record that cannot be understood, not about the storage. */
export function isNotUnderstood(error: unknown): boolean {
  return error instanceof Problem && error.cause === NOT_UNDERSTOOD;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPage(value: Readonly<Record<string, unknown>>): boolean {
  return (
    value.kind === 'page' &&
    [value.url, value.finalUrl, value.createdAt, value.updatedAt].every(isText) &&
    typeof value.complete === 'boolean' &&
    isText(value.variants) &&
    isObject(value.counts) &&
    isListOf(value.items, isItem) &&
    isListOf(value.skipped, isLine) &&
    isListOf(value.warnings, isObject)
  );
}

function isItem(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isText(value.sha256) && isLine(value);
}

function isLine(value: unknown): boolean {
  return isObject(value) && isText(value.url) && Array.isArray(value.foundIn);
}

function isListOf(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((member) => isMember(member));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
