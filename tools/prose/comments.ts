/** The comments of TypeScript, JavaScript, YAML and shell, as prose. */

export interface Comment {
  /** Paragraphs are apart by an empty line; tags such as `@param name` are left out, their text is not. */
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** Only comments that begin a line: a `//` elsewhere may be part of a text. */
const BLOCK = /^[ \t]*\/\*\*?([\s\S]*?)\*\/|(?:^[ \t]*\/\/.*\n?)+/gm;
const HASHES = /(?:^[ \t]*#(?!!).*\n?)+/gm;

export function commentsOf(path: string, text: string): readonly Comment[] {
  const isScript = /\.(?:[cm]?[jt]s)$/.test(path);
  return [...text.matchAll(isScript ? BLOCK : HASHES)].map(([whole, block]) => ({
    text: isScript ? withoutMarks(block ?? whole) : whole.replaceAll(/^[ \t]*# ?/gm, ''),
    line: lineOf(text, text.indexOf(whole)),
  }));
}

/** Lines stay lines, so that a place in the prose is a place in the file. */
function withoutMarks(comment: string): string {
  return comment
    .replaceAll(/^[ \t]*(?:\/\/|\*)[ \t]?/gm, '')
    .replaceAll(/^@(?:param|property|returns|throws)\b(?: \{.*\})?(?: [\w.[\]]+)?/gm, '-')
    .replaceAll(/^@(?:import|type|typedef|template|see)\b.*$/gm, '');
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
