/**
 * Finds the document in a line of a log: the line itself, or what Lambda, CloudWatch's own tools, Docker, Kubernetes
 * and others wrap around it.
 */
import { isTooDeep } from './nesting.ts';
import { parseJson } from './parseJson.ts';
import type { LineReason } from './tally.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface EmfDocument {
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

const rejected = (reason: LineReason): Finding => ({ documents: [], reason });
const NOT_EMF = rejected('not_emf');
const UNREACHABLE = rejected('unreachable');
const PARTIAL: Finding = { documents: [] };

/** Members in which programs keep the line of another: Lambda's JSON and CloudWatch, Docker, journald, telemetry, pino. */
const WRAPPERS = ['message', 'log', 'MESSAGE', 'record', 'msg'] as const;
/** Members and lists around a document. */
const MAX_WRAPPERS = 4;
/** Objects that are tried: a prefix such as `[{"id":7}] INFO {…}` may hold one before the document. */
const MAX_STARTS = 3;

/** What docker's json-file driver keeps in one entry at most, less a character that it may have cut. */
const FULL_ENTRY_BYTES = 16 * 1024 - 4;
const STREAMS = ['stdout', 'stderr'] as const;
/** Kubernetes' runtimes (CRI): time, stream, P for a piece or F for a whole line or the last piece. */
const CRI = /^\S{1,40} (stdout|stderr) ([PF])(?::\S{0,40})? /;

export interface DocumentFinder {
  find(text: string): Finding;
  /** How many lines the stream ended in the middle of. */
  end(): number;
}

/** For lines that are whole. */
export const wholeLines: DocumentFinder = { find: (text) => findInText(text, 0), end: () => 0 };

/**
 * For the log of a container: Docker and Kubernetes cut long lines into pieces. It keeps at most `maxBytes` of the pieces
 * of each of the two outputs.
 */
export function createPieceJoiner(maxBytes: number): DocumentFinder {
  const pieces = new Map<string, string>();
  /** The whole line once its last piece is there. */
  const join = (stream: string, piece: string, isLast: boolean): string | 'partial' | 'too_long' => {
    const before = pieces.get(stream);
    if (isLast && before === undefined) return piece;
    const joined = (before ?? '') + piece;
    pieces.delete(stream);
    if (joined.length > maxBytes) return 'too_long';
    if (isLast) return joined;
    pieces.set(stream, joined);
    return 'partial';
  };
  const findIn = (joined: string): Finding => {
    if (joined === 'partial') return PARTIAL;
    return joined === 'too_long' ? rejected('too_long') : findInText(joined, 1);
  };

  const find = (text: string): Finding => {
    if (text.startsWith('{"log":"')) {
      const entry = dockerEntry(text);
      if (entry !== undefined && (!entry.isLast || pieces.has(entry.stream))) {
        return findIn(join(entry.stream, entry.piece, entry.isLast));
      }
    }
    const cri = text.charCodeAt(0) === OPEN ? null : CRI.exec(text);
    if (cri === null) return findInText(text, 0);
    const [prefix, stream = '', flag] = cri;
    return findIn(join(stream, text.slice(prefix.length), flag === 'F'));
  };
  const end = () => {
    const { size } = pieces;
    pieces.clear();
    return size;
  };
  return { find, end };
}

const OPEN = 0x7b;

/** An entry of docker's json-file; undefined for a line that is none. */
function dockerEntry(text: string) {
  const parsed = isTooDeep(text) ? undefined : parseJson(text);
  const entry = isObject(parsed) ? parsed : undefined;
  const stream = STREAMS.find((name) => name === entry?.stream);
  const log = entry?.log;
  if (stream === undefined || typeof log !== 'string') return undefined;
  const isLast = log.endsWith('\n') || Buffer.byteLength(log) < FULL_ENTRY_BYTES;
  return { stream, piece: log, isLast };
}

/** The name of the member that makes a document, whatever its quotes are escaped with. */
const isNamed = (text: string) => text.includes('_aws"') || text.includes('_aws\\');
/** journalctl writes a message with control characters, such as colours, as a list of bytes. */
const HAS_BYTES = /message\\*"\s*:\s*\[\s*\d/i;
/** And one over 4,096 bytes as null, unless it is called with `--all`. */
const IS_LEFT_OUT = /MESSAGE\\*"\s*:\s*null/;
/** The member of a document that holds its directives, in the quotes of JSON, escaped, or of Python's `print(dict)`. */
const SHOWS_DOCUMENT = /CloudWatchMetrics["'\\]/;

function findInText(text: string, wrappers: number): Finding {
  const found = search(text, wrappers);
  return found.reason === 'not_emf' && SHOWS_DOCUMENT.test(text) ? UNREACHABLE : found;
}

/** A line that cannot hold a document is not parsed at all. */
function search(text: string, wrappers: number): Finding {
  const isDocument = isNamed(text) || HAS_BYTES.test(text);
  if (!isDocument && !IS_LEFT_OUT.test(text)) return NOT_EMF;
  if (text.startsWith('[')) {
    const list = isTooDeep(text) ? undefined : parseJson(text);
    if (Array.isArray(list)) return findInList(list, wrappers);
  }
  let at = objectStart(text, 0);
  for (let starts = 0; at >= 0 && starts < MAX_STARTS; starts += 1) {
    const part = at === 0 ? text : text.slice(at);
    if (isTooDeep(part)) return rejected('too_deep');
    const value = listBefore(text, at) ?? parseUpTo(part, '}');
    if (value !== undefined) {
      const found = findInValue(value, wrappers);
      // Of what begins later in the line, only a document counts: the other may be a part of a broken one.
      if (found.documents.length > 0 || starts === 0) return found;
    }
    // No prefix: it is broken, and each of its parts would be parsed in vain.
    if (at === 0) break;
    at = objectStart(text, at + 1);
  }
  return isDocument ? rejected('json') : NOT_EMF;
}

/** Without what tools write behind a line, such as a time or the end of a colour. undefined for what is not JSON. */
function parseUpTo(text: string, last: '}' | ']'): unknown {
  const whole = parseJson(text);
  if (whole !== undefined) return whole;
  const end = text.lastIndexOf(last) + 1;
  return text.slice(end).trim() === '' ? undefined : parseJson(text.slice(0, end));
}

/** The list whose first item begins at `at`; undefined where none does. */
function listBefore(text: string, at: number): readonly unknown[] | undefined {
  let before = at - 1;
  while (text.charCodeAt(before) === SPACE) before -= 1;
  if (text.charCodeAt(before) !== OPEN_LIST) return undefined;
  const list = parseUpTo(text.slice(before), ']');
  return Array.isArray(list) ? list : undefined;
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

function findInValue(value: unknown, wrappers: number): Finding {
  if (typeof value === 'string') return findInText(value, wrappers);
  if (isObject(value)) return findInObject(value, wrappers);
  if (!Array.isArray(value)) return NOT_EMF;
  return isBytes(value)
    ? findInText(Buffer.from(value).toString('utf8'), wrappers)
    : findInList(value, wrappers);
}

const isBytes = (list: readonly unknown[]): list is readonly number[] =>
  list.length > 0 && list.every((item) => Number.isInteger(item) && Number(item) >= 0 && Number(item) < 256);

function findInObject(root: JsonObject, wrappers: number): Finding {
  const directives = directivesOf(root);
  if (directives !== undefined) return { documents: [{ root, directives }] };
  if (wrappers >= MAX_WRAPPERS) return NOT_EMF;
  let found = NOT_EMF;
  for (const name of WRAPPERS) {
    const wrapped = ownMember(root, name);
    if (wrapped === undefined) continue;
    const inside = wrapped === null && name === 'MESSAGE' ? UNREACHABLE : findInValue(wrapped, wrappers + 1);
    if (inside.documents.length > 0) return inside;
    if (inside.reason !== 'not_emf') found = inside;
  }
  return found;
}

/** Every document of a list, and the first reason why one was not read. */
function findInList(list: readonly unknown[], wrappers: number): Finding {
  if (wrappers >= MAX_WRAPPERS) return NOT_EMF;
  const documents: EmfDocument[] = [];
  const others: unknown[] = [];
  let reason: LineReason | undefined;
  for (const item of list) {
    const found = findInValue(item, wrappers + 1);
    for (const document of found.documents) documents.push(document);
    if (found.documents.length === 0) others.push(item);
    if (found.reason !== 'not_emf') reason ??= found.reason;
  }
  reason ??= showsDocument(others) ? 'unreachable' : undefined;
  if (documents.length === 0) return rejected(reason ?? 'not_emf');
  return { documents, ...(reason && { reason }) };
}

/** Whether something in it looks like a document; without recursion, which deep nesting would end. */
function showsDocument(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string' && SHOWS_DOCUMENT.test(next)) return true;
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, 'CloudWatchMetrics')) return true;
    for (const member of Object.values(next)) left.push(member);
  }
  return false;
}

/** null is how Go writes a list that was never made. */
function directivesOf(root: JsonObject): readonly unknown[] | undefined {
  const metadata = ownMember(root, '_aws');
  const directives = isObject(metadata) ? ownMember(metadata, 'CloudWatchMetrics') : undefined;
  if (directives === null) return [];
  return Array.isArray(directives) ? directives : undefined;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Never what every object inherits: a metric may be called `constructor`. */
export const ownMember = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;
