import { describe, expect, it } from '@jest/globals';
import { lintProse } from '../../tools/prose/lintProse.ts';

const words = (count: number) => `${Array.from({ length: count }, (_, n) => `w${n}`).join(' ')}.`;

describe('a document', () => {
  it.each([
    ['in a paragraph', `# Title\n\n${words(25)} ${words(26)}\n`, 3],
    ['over several lines', `# Title\n\n${words(26).replaceAll(' w9', '\nw9')}\n`, 3],
    ['in a list', `- ${words(3)}\n- ${words(26)}\n`, 2],
    ['in a table', `| a | b |\n|---|---|\n| c | ${words(26)} |\n`, 3],
  ])('may have 25 words a sentence, not 26: %s', async (_, text, line) => {
    expect(await lintProse('a.md', text)).toEqual([{ line, message: 'A sentence of 26 words: at most 25.' }]);
  });

  it('counts code as one word, and does not look into it', async () => {
    const text = `${words(24).slice(0, -1)} \`nobody ${words(20)}\`.\n\n\`\`\`sh\nnobody ${words(40)}\n\`\`\`\n`;
    expect(await lintProse('a.md', text)).toEqual([]);
  });

  it('is told of words that make a reader stop, where they stand', async () => {
    const found = await lintProse('a.md', 'Redis is there.\n\nNobody reads\nit anew.\n');
    expect(found).toEqual([
      { line: 3, message: '"nobody": name the actor.' },
      { line: 4, message: '"anew": again.' },
    ]);
  });
});

describe('code', () => {
  it('has comments, and its texts are its own business', async () => {
    const code =
      "const a = 'nobody'; // anew\n\n/**\n * Reads.\n * @param b whoever it is\n */\n\n// Two lines\n// of nobody.\n";
    expect(await lintProse('a.ts', code)).toEqual([
      { line: 5, message: '"whoever": name the actor.' },
      { line: 9, message: '"nobody": name the actor.' },
    ]);
  });

  it('has a sentence for each property of a type', async () => {
    const lines = ['first', '[second]'].map((name) => ` * @property {{ a: string }} ${name} ${words(20)}\n`);
    expect(await lintProse('a.js', `/**\n${lines.join('').replaceAll('.', '')} */\n`)).toEqual([]);
  });

  it('has comments with hashes elsewhere', async () => {
    expect(await lintProse('a.yml', 'a: nobody # anew\n# Nobody.\nb: 1\n')).toEqual([
      { line: 2, message: '"nobody": name the actor.' },
    ]);
  });
});
