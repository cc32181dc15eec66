/** Finds the comments of TypeScript, JavaScript, YAML and shell files. */

export interface Comment {
  /** Empty lines separate paragraphs. Tags such as `@param name` are left out, but not their text. */
  readonly text: string;
  /** Number of its first line, from 1. */
  readonly line: number;
}

/** Comments must begin a line: a `//` elsewhere may be part of a string. */
const BLOCK = /^[ \t]*\/\*\*?([\s\S]*?)\*\/|(?:^[ \t]*\/\/.*\n?)+/gm;
const HASHES = /(?:^[ \t]*#(?!!).*\n?)+/gm;

export function commentsOf(path: string, text: string): readonly Comment[] {
  const isScript = /\.(?:[cm]?[jt]s)$/.test(path);
  return [...text.matchAll(isScript ? BLOCK : HASHES)].map(([whole, block]) => ({
    text: isScript ? withoutMarks(block ?? whole) : whole.replaceAll(/^[ \t]*# ?/gm, ''),
    line: lineOf(text, text.indexOf(whole)),
  }));
}

/** The comment without comment marks. Its lines stay, so that findings have the line of the file. */
function withoutMarks(comment: string): string {
  return comment
    .replaceAll(/^[ \t]*(?:\/\/|\*)[ \t]?/gm, '')
    .replaceAll(/^@(?:param|property|returns|throws)\b(?: \{.*\})?(?: [\w.[\]]+)?/gm, '-')
    .replaceAll(/^@(?:import|type|typedef|template|see)\b.*$/gm, '');
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
