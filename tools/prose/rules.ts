/** Rules for textlint (https://textlint.org/docs/rule/): one on the length of sentences, one on wording. */
import type { TextlintKernelRule } from '@textlint/kernel';
import { SentenceSplitterSyntax, split } from 'sentence-splitter';
import { StringSource } from 'textlint-util-to-string';
import { WORDINGS } from './wording.ts';

/** Words of a sentence at most. */
const WORDS_MAX = 25;

type TextlintRuleModule = TextlintKernelRule['rule'];
type Context = Parameters<Extract<TextlintRuleModule, (...args: never) => unknown>>[0];
type Handlers = ReturnType<Extract<TextlintRuleModule, (...args: never) => unknown>>;
type Node = Parameters<Context['report']>[0];

/** Handlers that call `look` for each paragraph and table cell, with code replaced by one word. */
const overProse = (look: (source: StringSource, text: string, node: Node) => void): Handlers => {
  const read = (node: Node) => {
    const source = new StringSource(node as ConstructorParameters<typeof StringSource>[0], {
      replacer: ({ node: { type }, maskValue }) => (type === 'Code' ? maskValue('x') : undefined),
    });
    look(source, source.toString(), node);
  };
  return { Paragraph: read, TableCell: read };
};

export const sentenceLength: TextlintRuleModule = ({ report, RuleError, locator }: Context) =>
  overProse((source, text, node) => {
    for (const { type, raw, range } of split(text)) {
      if (type !== SentenceSplitterSyntax.Sentence) continue;
      const words = raw.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
      if (words <= WORDS_MAX) continue;
      const padding = locator.at(source.originalIndexFromIndex(range[0]) ?? 0);
      report(node, new RuleError(`A sentence of ${words} words: at most ${WORDS_MAX}.`, { padding }));
    }
  });

export const wording: TextlintRuleModule = ({ report, RuleError, locator }: Context) =>
  overProse((source, text, node) => {
    for (const { found, better } of WORDINGS) {
      for (const { 0: words, index } of text.toLowerCase().matchAll(found)) {
        const padding = locator.at(source.originalIndexFromIndex(index) ?? 0);
        report(node, new RuleError(`"${words.replaceAll(/\s+/g, ' ')}": ${better}.`, { padding }));
      }
    }
  });
