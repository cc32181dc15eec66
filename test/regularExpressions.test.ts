/** No regular expression takes more than linear time: its text comes from pages, images and callers. */
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import regexp from 'eslint-plugin-regexp';

const root = path.join(import.meta.dirname, '..');
const FILES = globSync('{lib,handlers,local-stack,bench,tools,static}/**/*.{ts,js,cjs,mjs}', {
  cwd: root,
})
  // What is built of these same files.
  .filter((file) => !file.includes('/dist/'))
  .sort();

const LITERALS = ['Literal[regex]'];
/** A pattern that is not written out where it is used: the rules could not see it. */
const COMPUTED = [
  ":matches(CallExpression, NewExpression)[callee.name='RegExp']:not([arguments.0.type='Literal'])",
  ":not(CallExpression, NewExpression) > Identifier[name='RegExp']",
  ":matches(CallExpression, NewExpression) > Identifier.arguments[name='RegExp']",
  "CallExpression[callee.property.name=/^(?:match|matchAll|search)$/]:matches([arguments.0.type='TemplateLiteral'], [arguments.0.type='Literal']:not([arguments.0.regex]))",
];
/** `potential`: also where nothing says that the text behind a match can refuse it. */
const SLOW: Linter.RulesRecord = {
  'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
  'regexp/no-super-linear-move': ['error', { report: 'potential' }],
  'no-restricted-syntax': ['error', ...COMPUTED],
};

const linter = new Linter({ configType: 'flat' });

/** What the rules find in a source, as `rule: the text that it is about`. */
function judge(source: string, rules: Linter.RulesRecord): string[] {
  const lines = source.split('\n');
  const messages = linter.verify(source, {
    plugins: { regexp },
    languageOptions: { ecmaVersion: 'latest', sourceType: 'module' },
    linterOptions: { noInlineConfig: true },
    rules,
  });
  return messages.map(({ ruleId, message, line, column, endLine, endColumn }) => {
    // A syntax error has no rule: the file was not looked at.
    if (ruleId === null) return `unreadable: ${message}`;
    const end = endLine === line ? endColumn : undefined;
    return `${ruleId}: ${lines[line - 1]?.slice(column - 1, end && end - 1)}`;
  });
}

const literalsOf = (source: string) => judge(source, { 'no-restricted-syntax': ['error', ...LITERALS] });

/** Types become spaces, so that every pattern stays where it stood. */
const asJavaScript = (file: string, text: string) =>
  file.endsWith('.ts') ? stripTypeScriptTypes(text) : text;

describe('the checker of regular expressions', () => {
  it.each([
    ['backtracking', String.raw`/^\s*a?\s*$/.test(text)`],
    ['exponential backtracking', '/^(?:a+)+$/.test(text)'],
    ['a search that begins again at each place', String.raw`text.replace(/\s+$/, '')`],
    ['whitespace around a separator', String.raw`text.replace(/\s*;\s*/g, ';')`],
    ['a dot before an anchor', '/[?#].*$/s.exec(text)'],
    ['a constructor', String.raw`new RegExp('\\s+$').test(text)`],
    ['a constructor without new', String.raw`RegExp('\\s+$', 'u').test(text)`],
    ['a table', 'const TABLE = { a: [/,+$/] }'],
    ['a template', `\`\${text.replace(/,+$/, "")}\``],
    ['a private field and a default', String.raw`class A { static #p = (0, /\s+$/); m(p = A.#p) {} }`],
    ['a pattern of parts', `new RegExp(\`\${part}+$\`).test(text)`],
    ['a pattern that has a name', 'RegExp(PATTERN)'],
    ['an alias of the constructor', "const R = RegExp; new R('x')"],
    ['a constructor that is handed on', 'Reflect.construct(RegExp, [pattern])'],
    ['a text that becomes a pattern', String.raw`text.match('\\s+$')`],
    ['a template that becomes a pattern', `text?.matchAll(\`\${part}+$\`)`],
  ])('finds %s', (_, source) => {
    expect(judge(source, SLOW)).toEqual([
      expect.stringMatching(/^(?:regexp\/no-super-linear-\w+|no-restricted-syntax): /),
    ]);
  });

  it.each([
    ['an anchored pattern', String.raw`/^\s+/.test(text)`],
    ['one that begins at one place', String.raw`text.replace(/(?<!\s)\s+$/, '')`],
    ['a bounded one', '/a{1,20}b/.test(text)'],
    ['the separator of a list', String.raw`text.split(/\s+/)`],
    ['the constructor of a short pattern', "new RegExp('^x')"],
    ['a search for a pattern', 'text.search(/[?#]/)'],
  ])('leaves %s alone', (_, source) => {
    expect(judge(source, SLOW)).toEqual([]);
  });

  it('sees through what TypeScript writes around a pattern', () => {
    const source = asJavaScript(
      'a.ts',
      String.raw`const p = (/\s+$/ satisfies RegExp) as RegExp; const all: readonly RegExp[] = [/x/];`,
    );
    expect(judge(source, SLOW)).toEqual([String.raw`regexp/no-super-linear-move: \s+`]);
    expect(literalsOf(source)).toHaveLength(2);
  });
});

it('no regular expression of the project is slow', () => {
  const sources = FILES.map((file) => ({
    file,
    text: asJavaScript(file, readFileSync(path.join(root, file), 'utf8')),
  }));
  expect(sources.flatMap(({ text }) => literalsOf(text)).length).toBeGreaterThan(100);
  const slow = sources.flatMap(({ file, text }) => judge(text, SLOW).map((found) => `${file} ${found}`));
  expect(slow).toEqual([]);
});
