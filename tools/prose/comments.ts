/** Finds the comments of code, configuration and scripts. */

export interface Comment {
  /** Empty lines separate paragraphs. Tags such as `@param name` are left out, but not their text. */
  readonly text: string;
  /** Number of its first line, from 1. */
  readonly line: number;
}

/** Comments must begin a line: a `//` or `#` elsewhere may be part of a string. */
const SLASHES = /^[ \t]*\/\*\*?([\s\S]*?)\*\/|(?:^[ \t]*\/\/.*\n?)+/gm;
const HASHES = /(?:^[ \t]*#(?!!).*\n?)+/gm;

/** Comments in slashes and stars. */
export function slashComments(text: string): readonly Comment[] {
  return commentsOf(text, SLASHES, ([whole, block]) => withoutMarks(block ?? whole));
}

/** Comments behind hashes. A script's first line (`#!`) and a setting at its default (`#PORT=80`) are not comments. */
export function hashComments(text: string): readonly Comment[] {
  return commentsOf(text, HASHES, ([whole]) =>
    whole.replaceAll(/^[ \t]*#[A-Z][A-Z0-9_]*=.*$/gm, '').replaceAll(/^[ \t]*# ?/gm, ''),
  );
}

function commentsOf(
  text: string,
  pattern: RegExp,
  textOf: (match: RegExpMatchArray) => string,
): readonly Comment[] {
  return [...text.matchAll(pattern)].map((match) => ({
    text: textOf(match),
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** The comment without comment marks. Its lines stay, so that findings have the line of the file. */
function withoutMarks(comment: string): string {
  return comment
    .replaceAll(/^[ \t]*(?:\/\/[/!]?|\*)[ \t]?/gm, '')
    .replaceAll(
      /^@(?:(?:param|property)\b(?: \{.*\})?(?: [\w.[\]]+)?|(?:returns|throws)\b(?: \{.*\})?)/gm,
      '-',
    )
    .replaceAll(/^@(?:import|type|typedef|template|see)\b.*$/gm, '');
}
