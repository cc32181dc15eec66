/**
 * The note in the bucket of what the last check found, so that a cold start costs one GET instead of a whole check. A
 * server that was refused for simultaneous writes stays refused: chance decides what a single check sees.
 */
import type { S3Api } from './api.ts';
import { readIfThere } from './checkRead.ts';

export const CHECKED_KEY = 'checks/conditional-writes.json';

/** Whether one of several simultaneous writes wins. `undecided`: the server was too busy to show it. */
export type Atomicity = 'atomic' | 'undecided' | 'notAtomic';

/** 1 was the check without simultaneous writes. */
const NOTE_SCHEMA = 2;
const IS_ATOMIC: Readonly<Record<Atomicity, boolean | null>> = {
  atomic: true,
  undecided: null,
  notAtomic: false,
};

const MINUTE_MS = 60_000;
/** The server may be replaced by one that knows no conditions. A busy one is tried again soon. */
const BELIEVED_MS: Readonly<Record<Atomicity, number>> = {
  atomic: 24 * 60 * MINUTE_MS,
  undecided: 10 * MINUTE_MS,
  notAtomic: 24 * 60 * MINUTE_MS,
};

/** Whether what was found at `at` still counts; ms. A clock that was set back must not make it count for ever. */
export function isBelieved(found: Atomicity, at: number, now: number): boolean {
  return Math.abs(now - at) < BELIEVED_MS[found];
}

/** What a check has found that still counts; null without such a note. */
export async function readNote(s3: S3Api, now: number): Promise<Atomicity | null> {
  const note = (await readIfThere(s3, CHECKED_KEY))?.text ?? '';
  const [, schema, checkedAt = ''] = /^\{"schema":(\d+),"checkedAt":"([^"]*)"/.exec(note) ?? [];
  if (!(Number(schema) >= NOTE_SCHEMA)) return null;
  const found = foundIn(note);
  return isBelieved(found, Date.parse(checkedAt), now) ? found : null;
}

export async function writeNote(s3: S3Api, now: number, found: Atomicity): Promise<void> {
  const note = {
    schema: NOTE_SCHEMA,
    checkedAt: new Date(now).toISOString(),
    isAtomic: IS_ATOMIC[found],
  };
  await s3.put(CHECKED_KEY, Buffer.from(JSON.stringify(note)), { contentType: 'application/json' });
}

function foundIn(note: string): Atomicity {
  if (note.includes('"isAtomic":false')) return 'notAtomic';
  return note.includes('"isAtomic":null') ? 'undecided' : 'atomic';
}
