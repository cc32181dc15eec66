/**
 * Finds the documents in a line of a log: the line itself, or what Lambda, CloudWatch's own tools, Docker, Kubernetes
 * and others wrap around it.
 */
import { isObject, type JsonObject, ownMember } from './jsonObject.ts';
import { isTooDeep } from './nesting.ts';
import { parseStrict, withoutNonFinite } from './parseJson.ts';
import type { LineReason } from './tally.ts';

interface EmfDocument {
  readonly root: JsonObject;
  readonly directives: readonly unknown[];
}

/**
 * The documents of a line, and why something in it was not read. Both where a list holds readable and unreadable
 * documents; neither when the next line goes on with this one.
 */
export interface Finding {
  readonly documents: readonly EmfDocument[];
  readonly reason?: LineReason;
}

export const rejected = (reason: LineReason): Finding => ({ documents: [], reason });
const NOT_EMF = rejected('not_emf');
const UNREACHABLE = rejected('unreachable');

/**
 * Members in which programs keep another program's lines. In this order they are of Lambda's JSON and CloudWatch,
 * Docker, journald, telemetry, pino, CloudWatch's subscriptions, the AWS CLI.
 */
const WRAPPERS = ['message', 'log', 'MESSAGE', 'record', 'msg', 'logEvents', 'events'] as const;
/** Members around a document, and lists around its text or list. */
const MAX_WRAPPERS = 4;
/** What is tried of one line: as many items of lists as CloudWatch takes events at once, or a thousand broken texts. */
const MAX_WORK = 10_000;
/** To find a text broken takes 20 µs, as long as so many items. */
const BROKEN_TEXT = 10;
/** Objects that are tried: a prefix such as `[{"id":7}] INFO {…}` may hold one before the document. */
const MAX_STARTS = 3;

/** The name of the member that makes a document, whatever its quotes are escaped with. */
const isNamed = (text: string) => text.includes('_aws"') || text.includes('_aws\\');
/** journalctl writes a message with control characters, such as colours, as a list of bytes. */
const HAS_BYTES = /message\\*"\s*:\s*\[\s*\d/i;
/** And one over 4,096 bytes as null, unless it is called with `--all`. */
const IS_LEFT_OUT = /MESSAGE\\*"\s*:\s*null/;
/** The member that holds the directives, in the quotes of JSON, escaped, of Python's `print(dict)`, of HTML or of URLs. */
const SHOWS_DOCUMENT = /CloudWatchMetrics(?:["'\\]|&quot;|&#34;|%22)/;
/** The same in UTF-16, as PowerShell's `>` writes it, read as UTF-8. */
const SHOWN_IN_UTF_16 = Array.from('CloudWatchMetrics').join('\0');
/** The first two bytes of a packed log, of which the second is no UTF-8. */
const GZIP = '\u001f\ufffd';

/** Whether a text that no document was found in looks as if it had one. */
const isSuspect = (text: string) =>
  SHOWS_DOCUMENT.test(text) || text.startsWith(GZIP) || text.includes(SHOWN_IN_UTF_16);

/** Where in a line something is looked for. */
interface Place {
  /** Members around it, and lists around its text or list. */
  readonly wrappers: number;
  /** What has been tried of the whole line. */
  readonly line: { work: number };
}

const inside = ({ wrappers, line }: Place): Place => ({ wrappers: wrappers + 1, line });

/** Of texts or lists; one of objects is found by its first object. */
const LIST_OF_OTHERS = /^\[\s*["[]/;

/** @param wrappers what stood around the text already */
export const findDocuments = (text: string, wrappers = 0): Finding =>
  findInText(text, { wrappers, line: { work: 0 } });

function findInText(text: string, place: Place): Finding {
  if (place.wrappers > MAX_WRAPPERS) return isSuspect(text) ? UNREACHABLE : NOT_EMF;
  const found = search(text, place);
  return found.reason === 'not_emf' && isSuspect(text) ? UNREACHABLE : found;
}

/** A line that cannot hold a document is not parsed at all. */
function search(text: string, place: Place): Finding {
  const isDocument = isNamed(text) || HAS_BYTES.test(text);
  if (!isDocument && !IS_LEFT_OUT.test(text) && !SHOWS_DOCUMENT.test(text)) return NOT_EMF;
  if (place.line.work >= MAX_WORK) return UNREACHABLE;
  if (LIST_OF_OTHERS.test(text)) {
    const list = isTooDeep(text) ? undefined : parse(text, place);
    if (Array.isArray(list)) return findInList(list, place);
  }
  let at = objectStart(text, 0);
  for (let starts = 0; at >= 0 && starts < MAX_STARTS; starts += 1) {
    const part = at === 0 ? text : text.slice(at);
    if (isTooDeep(part)) return rejected('too_deep');
    const value = parseAt(part, isListBefore(text, at), place);
    if (value !== undefined) {
      const found = findInValue(value, place);
      // Of what begins later in the line, only a document counts: the other may be a part of a broken one.
      if (found.documents.length > 0 || starts === 0) return found;
    }
    // No prefix: it is broken, and each of its parts would be parsed in vain.
    if (at === 0) break;
    at = objectStart(text, at + 1);
  }
  return isDocument ? rejected('json') : NOT_EMF;
}

/** The object that the text begins with, or the list whose first item that is. undefined for what is not JSON. */
function parseAt(part: string, isInList: boolean, place: Place): unknown {
  const parseEither = (text: string) =>
    (isInList ? parseUpTo(`[${text}`, ']', place) : undefined) ?? parseUpTo(text, '}', place);
  const value = parseEither(part);
  if (value !== undefined) return value;
  const strict = withoutNonFinite(part);
  return strict === undefined ? undefined : parseEither(strict);
}

/** Without what tools write behind a line, such as a time or the end of a colour. */
function parseUpTo(text: string, last: '}' | ']', place: Place): unknown {
  const end = text.lastIndexOf(last) + 1;
  return end === 0 ? undefined : parse(end === text.length ? text : text.slice(0, end), place);
}

function parse(text: string, { line }: Place): unknown {
  const value = parseStrict(text);
  if (value === undefined) line.work += BROKEN_TEXT;
  return value;
}

function isListBefore(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === SPACE) before -= 1;
  return text.charCodeAt(before) === OPEN_LIST;
}

/** Where the next object with a member begins; -1 where none does. */
function objectStart(text: string, from: number): number {
  for (let at = text.indexOf('{', from); at >= 0; at = text.indexOf('{', at + 1)) {
    let next = at + 1;
    while (text.charCodeAt(next) === SPACE) next += 1;
    if (text.charCodeAt(next) === QUOTE) return at;
  }
  return -1;
}

const [SPACE, QUOTE, OPEN_LIST] = [0x20, 0x22, 0x5b];

function findInValue(value: unknown, place: Place): Finding {
  if (typeof value === 'string') return findInText(value, place);
  if (isObject(value)) return findInObject(value, place);
  if (!Array.isArray(value)) return NOT_EMF;
  return isBytes(value) ? findInBytes(value, place) : findInList(value, place);
}

const findInBytes = (bytes: readonly number[], place: Place) =>
  findInText(Buffer.from(bytes).toString('utf8'), place);

const isBytes = (list: readonly unknown[]): list is readonly number[] =>
  list.length > 0 && list.every((item) => Number.isInteger(item) && Number(item) >= 0 && Number(item) < 256);

function findInObject(root: JsonObject, place: Place): Finding {
  const directives = directivesOf(root);
  if (directives !== undefined) return { documents: [{ root, directives }] };
  if (place.wrappers >= MAX_WRAPPERS) return NOT_EMF;
  let found = NOT_EMF;
  for (const name of WRAPPERS) {
    const wrapped = ownMember(root, name);
    if (wrapped === undefined) continue;
    const isLeftOut = wrapped === null && name === 'MESSAGE';
    const within = isLeftOut ? UNREACHABLE : findInValue(wrapped, inside(place));
    if (within.documents.length > 0) return within;
    if (within.reason !== 'not_emf') found = within;
  }
  return found;
}

/** Every document of a list, and the first reason why one was not read. */
function findInList(list: readonly unknown[], place: Place): Finding {
  if (place.wrappers > MAX_WRAPPERS) return NOT_EMF;
  const documents: EmfDocument[] = [];
  const others: unknown[] = [];
  let reason: LineReason | undefined;
  for (const item of list) {
    place.line.work += 1;
    if (place.line.work > MAX_WORK) return { documents, reason: reason ?? 'unreachable' };
    if (typeof item !== 'string' && (typeof item !== 'object' || item === null)) continue;
    const found = findInValue(item, isObject(item) ? place : inside(place));
    for (const document of found.documents) documents.push(document);
    if (found.documents.length === 0) others.push(item);
    if (found.reason !== 'not_emf') reason ??= found.reason;
  }
  // Of a line without documents its text says whether it shows one.
  if (documents.length === 0) return rejected(reason ?? 'not_emf');
  reason ??= showsDocument(others) ? 'unreachable' : undefined;
  return { documents, ...(reason && { reason }) };
}

/** Whether something in it looks like a document; without recursion, which deep nesting would end. */
function showsDocument(list: readonly unknown[]): boolean {
  const left: unknown[] = [...list];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string' && SHOWS_DOCUMENT.test(next)) return true;
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, 'CloudWatchMetrics')) return true;
    for (const member of Array.isArray(next) ? next : Object.values(next)) {
      if (typeof member === 'string' || typeof member === 'object') left.push(member);
    }
  }
  return false;
}

/**
 * In version 0 of the format, which OpenTelemetry's collector and the CloudWatch agent write, they stand in the root.
 * null is how Go writes a list that was never made.
 */
function directivesOf(root: JsonObject): readonly unknown[] | undefined {
  const metadata = ownMember(root, '_aws') ?? (ownMember(root, 'Version') === '0' ? root : undefined);
  const directives = isObject(metadata) ? ownMember(metadata, 'CloudWatchMetrics') : undefined;
  if (directives === null) return [];
  return Array.isArray(directives) ? directives : undefined;
}
