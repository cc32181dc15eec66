/**
 * Finds the document in a line of a log: the line itself, or what Lambda, CloudWatch's own tools, Docker, Kubernetes
 * and others wrap around it.
 */
import { isTooDeep } from './nesting.ts';
import type { LineReason } from './tally.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A document with its list of directives; why there is none; `partial` when the next line goes on with it. */
type Finding =
  | { readonly root: JsonObject; readonly directives: readonly unknown[] }
  | LineReason
  | 'partial';

/** Members in which programs keep the line of another: Lambda's JSON and CloudWatch, Docker, journald, telemetry, pino. */
const WRAPPERS = ['message', 'log', 'MESSAGE', 'record', 'msg'] as const;
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
export const wholeLines: DocumentFinder = { find: (text) => findDocument(text, 0), end: () => 0 };

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
  const findIn = (joined: string): Finding =>
    joined === 'partial' || joined === 'too_long' ? joined : findDocument(joined, 1);

  const find = (text: string): Finding => {
    if (text.startsWith('{"log":"')) {
      const entry = dockerEntry(text);
      if (entry !== undefined && (!entry.isLast || pieces.has(entry.stream))) {
        return findIn(join(entry.stream, entry.piece, entry.isLast));
      }
    }
    const cri = text.charCodeAt(0) === OPEN ? null : CRI.exec(text);
    if (cri === null) return findDocument(text, 0);
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
  const entry = isTooDeep(text) ? undefined : parseObject(text);
  const stream = STREAMS.find((name) => name === entry?.stream);
  const log = entry?.log;
  if (stream === undefined || typeof log !== 'string') return undefined;
  const isLast = log.endsWith('\n') || Buffer.byteLength(log) < FULL_ENTRY_BYTES;
  return { stream, piece: log, isLast };
}

/** A line without the name of the member that makes a document is not parsed at all. */
const mayHoldDocument = (text: string) => text.includes('_aws"') || text.includes('_aws\\');

function findDocument(text: string, wrappers: number): Finding {
  if (!mayHoldDocument(text) || isList(text)) return 'not_emf';
  let at = objectStart(text, 0);
  for (let starts = 0; at >= 0 && starts < MAX_STARTS; starts += 1) {
    const part = at === 0 ? text : text.slice(at);
    if (isTooDeep(part)) return 'too_deep';
    const root = parseObject(part) ?? parseObject(withoutEnd(part));
    if (root !== undefined) {
      const found = findInObject(root, wrappers);
      // Of what begins later in the line, only a document counts: the other may be a part of a broken one.
      if (typeof found !== 'string' || starts === 0) return found;
    }
    // No prefix: it is broken, and each of its parts would be parsed in vain.
    if (at === 0) break;
    at = objectStart(text, at + 1);
  }
  return 'json';
}

/** What tools write behind a line, such as a time or the end of a colour, goes. Empty where nothing stands there. */
function withoutEnd(text: string): string {
  const end = text.lastIndexOf('}') + 1;
  return text.slice(end).trim() === '' ? '' : text.slice(0, end);
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

const [SPACE, QUOTE] = [0x20, 0x22];

function findInObject(root: JsonObject, wrappers: number): Finding {
  const directives = directivesOf(root);
  if (directives !== undefined) return { root, directives };
  if (wrappers >= MAX_WRAPPERS) return 'not_emf';
  let reason: LineReason = 'not_emf';
  for (const name of WRAPPERS) {
    const wrapped = ownMember(root, name);
    const found =
      typeof wrapped === 'string'
        ? findDocument(wrapped, wrappers + 1)
        : isObject(wrapped)
          ? findInObject(wrapped, wrappers + 1)
          : 'not_emf';
    if (typeof found !== 'string' || found === 'partial') return found;
    if (found !== 'not_emf') reason = found;
  }
  return reason;
}

function isList(text: string): boolean {
  if (!text.startsWith('[') || isTooDeep(text)) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function directivesOf(root: JsonObject): readonly unknown[] | undefined {
  const metadata = ownMember(root, '_aws');
  const directives = isObject(metadata) ? ownMember(metadata, 'CloudWatchMetrics') : undefined;
  return Array.isArray(directives) ? directives : undefined;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Never what every object inherits: a metric may be called `constructor`. */
export const ownMember = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;
