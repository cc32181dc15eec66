/** The fenced blocks of a Markdown document, for the tests that hold the documents to what they say. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './startApp.ts';

export interface Block {
  /** The nearest heading of the second level and of the third, without their marks. */
  readonly section: string;
  readonly heading: string;
  /** Of the line that opens it: the language, and what stands behind it. */
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

export const readDocument = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist']);

/** Files of the repository, hidden folders left out; a copy without Git has the same. */
export const listFiles = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: ROOT, exclude: (name) => NOT_OURS.has(name) || name.startsWith('.') })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();

/** In their order; a block may be indented, as in a list. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let [section, heading] = ['', ''];
  let open: { readonly indent: number; readonly language: string; readonly info: string } | null = null;
  let lines: string[] = [];
  for (const line of markdown.split('\n')) {
    const fence = /^( *)```(\S*) ?(.*)$/.exec(line);
    if (open !== null) {
      if (fence === null) {
        lines.push(line.slice(open.indent));
      } else {
        const { language, info } = open;
        blocks.push({ section, heading, language, info, text: `${lines.join('\n')}\n` });
        open = null;
      }
    } else if (fence !== null) {
      open = { indent: fence[1]?.length ?? 0, language: fence[2] ?? '', info: fence[3] ?? '' };
      lines = [];
    } else if (line.startsWith('## ')) {
      [section, heading] = [line.slice(3), ''];
    } else if (line.startsWith('### ')) {
      heading = line.slice(4);
    }
  }
  return blocks;
}
