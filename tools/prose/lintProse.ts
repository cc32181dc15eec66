/** Lints the prose of one file: a whole document, or the comments of code. */
import { TextlintKernel } from '@textlint/kernel';
import markdown from '@textlint/textlint-plugin-markdown';
import { commentsOf } from './comments.ts';
import { sentenceLength, wording } from './rules.ts';

export interface Finding {
  readonly line: number;
  readonly message: string;
}

const kernel = new TextlintKernel();
const options = {
  rules: [
    { ruleId: 'sentence-length', rule: sentenceLength },
    { ruleId: 'wording', rule: wording },
  ],
  plugins: [{ pluginId: 'markdown', plugin: markdown.default }],
  ext: '.md',
};

/**
 * The findings in a file.
 * @param path its extension decides whether the text is a document or code
 */
export async function lintProse(path: string, text: string): Promise<readonly Finding[]> {
  if (path.endsWith('.md')) return lint(text, 1);
  const findings = commentsOf(path, text).map((comment) => lint(comment.text, comment.line));
  return (await Promise.all(findings)).flat();
}

async function lint(text: string, firstLine: number): Promise<readonly Finding[]> {
  const { messages } = await kernel.lintText(text, options);
  return messages.map(({ line, message }) => ({ line: firstLine + line - 1, message }));
}
