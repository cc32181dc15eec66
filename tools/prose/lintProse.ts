/** Lints the prose of one file: a whole document, or the comments of code. */
import { TextlintKernel } from '@textlint/kernel';
import markdown from '@textlint/textlint-plugin-markdown';
import { hashComments, slashComments } from './comments.ts';
import type { ProseForm } from './files.ts';
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

/** The findings in a file's text, with the lines of the file. */
export async function lintProse(form: ProseForm, text: string): Promise<readonly Finding[]> {
  if (form === 'document') return lint(text, 1);
  const comments = form === 'slashes' ? slashComments(text) : hashComments(text);
  return (await Promise.all(comments.map((comment) => lint(comment.text, comment.line)))).flat();
}

async function lint(text: string, firstLine: number): Promise<readonly Finding[]> {
  const { messages } = await kernel.lintText(text, options);
  return messages.map(({ line, message }) => ({ line: firstLine + line - 1, message }));
}
