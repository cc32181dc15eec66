/** The text of a record, as the bucket and the cache keep it. */

import { pageIdOf } from '../domain/identity.ts';
import type { PageRecord, StoredRecord } from '../domain/model.ts';
import { parseObjectName } from '../domain/objectName.ts';
import { Problem } from '../domain/problem.ts';
import { STORAGE_SENTENCES } from '../domain/storageSentences.ts';

/** Of a record's text. `LISTS_MAX_BYTES` in compose.ts says why what this program writes has less, by default limits. */
export const RECORD_MAX_BYTES = 32 * 1024 * 1024;
/** Of a record's text in the cache: a larger one could take so long that the cache counts as unreachable. */
export const CACHED_MAX_BYTES = 5 * 1024 * 1024;

export function writeRecord(record: StoredRecord): string {
  return JSON.stringify(record);
}

/** What this version writes. A member more is the same schema: those who do not know it leave it alone. */
export const SCHEMA = 1;

/**
 * Reads a record back, of this schema or a later one. Looks as deep as the answers depend on it: what this program
 * wrote passes, anything else (a truncated text, a file that somebody put there) does not. Of a later schema it takes
 * the members that it knows; the others stay in the value, so that a sweep's fence keeps them, and an update writes
 * them no more.
 * @returns null when the text is not a record that this program understands.
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

/** Members without which a later schema's record still has all that must not be lost: its items. */
const MAY_BE_MISSING: Readonly<Record<string, unknown>> = {
  predecessors: [],
  complete: true,
  variants: 'all',
  counts: { discovered: 0, items: 0, skipped: 0, byCode: {} },
  skipped: [],
  warnings: [],
};

/**
 * Whether the record is this page's own and names nothing but this page's own objects. A record that was put in the
 * wrong place would else be answered for another page's, and a PUT would remove what it names.
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

/** Whether one record is at fault, not the storage. */
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
