/** Joins the pieces that Docker and Kubernetes make of a long line. */
import { isObject } from './jsonObject.ts';
import { type Finding, findDocuments, rejected } from './logLine.ts';
import { isTooDeep } from './nesting.ts';
import { parseStrict } from './parseJson.ts';

/** What docker's json-file driver keeps in one entry at most, less a character that it may have cut. */
const FULL_ENTRY_BYTES = 16 * 1024 - 4;
const STREAMS = ['stdout', 'stderr'] as const;
/** Kubernetes' runtimes (CRI): time, stream, P for a piece or F for a whole line or the last piece. */
const CRI = /^\S{1,40} (stdout|stderr) ([PF])(?::\S{0,40})? /;

const PARTIAL: Finding = { documents: [] };

export interface DocumentFinder {
  find(text: string): Finding;
  /** How many lines the stream ended in the middle of. */
  end(): number;
}

/** For lines that are whole. */
export const wholeLines: DocumentFinder = { find: (text) => findDocuments(text), end: () => 0 };

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
    return joined === 'too_long' ? rejected('too_long') : findDocuments(joined, 1);
  };

  const find = (text: string): Finding => {
    if (text.startsWith('{"log":"')) {
      const entry = dockerEntry(text);
      if (entry !== undefined && (!entry.isLast || pieces.has(entry.stream))) {
        return findIn(join(entry.stream, entry.piece, entry.isLast));
      }
    }
    const cri = text.charCodeAt(0) === OPEN ? null : CRI.exec(text);
    if (cri === null) return findDocuments(text);
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

/** The entry of docker's json-file in a line; undefined for any other line. */
function dockerEntry(text: string) {
  const parsed = isTooDeep(text) ? undefined : parseStrict(text);
  const entry = isObject(parsed) ? parsed : undefined;
  const stream = STREAMS.find((name) => name === entry?.stream);
  const log = entry?.log;
  if (stream === undefined || typeof log !== 'string') return undefined;
  const isLast = log.endsWith('\n') || Buffer.byteLength(log) < FULL_ENTRY_BYTES;
  return { stream, piece: log, isLast };
}
