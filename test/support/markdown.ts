/** Finds the fenced blocks of Markdown documents, for the tests that check these documents. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './startApp.ts';

export interface Block {
  /** Text of the nearest heading of the second level; `heading` is that of the third. */
  readonly section: string;
  readonly heading: string;
  /** Language in the opening line; `info` is the text after it. */
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

export const readDocument = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist']);

/** Paths of files in the repository, without hidden folders. A copy without Git has the same ones. */
export const listFiles = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: ROOT, exclude: (name) => NOT_OURS.has(name) || name.startsWith('.') })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();

/** The blocks in order. A block may be indented, as in a list. */
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
