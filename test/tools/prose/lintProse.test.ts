import { describe, expect, it } from '@jest/globals';
import { type ProseForm, proseFormOf } from '../../../tools/prose/files.ts';
import { lintProse } from '../../../tools/prose/lintProse.ts';

const words = (count: number) => `${Array.from({ length: count }, (_, n) => `w${n}`).join(' ')}.`;
const found = async (form: ProseForm, text: string) =>
  (await lintProse(form, text)).map(({ line, message }) => `${line} ${message}`);

describe('proseFormOf', () => {
  it.each<[ProseForm | null, readonly string[]]>([
    ['document', ['README.md', 'docs/operating.md', 'local-stack/exporter/README.md', '.github/x.md']],
    ['slashes', ['lib/services.ts', 'static/console/a.js', 'jest.config.js', 'emitters/java/E.java', 'a.rs']],
    ['hashes', ['serverless.yml', '.github/workflows/ci.yml', 'static/openapi.yaml', 'test/stack/a.yml']],
    [
      'hashes',
      ['.env.example', 'local-stack/Dockerfile', '.ci/run', 'a/b.sh', 'a.py', 'a.toml', '.gitignore'],
    ],
    [null, ['CHANGELOG.md', 'docs/licences.md', 'package.json', 'static/index.html', 'a.png']],
  ])('is %s for %j', (form, paths) => {
    expect(paths.map(proseFormOf)).toEqual(paths.map(() => form));
  });
});

describe('lintProse', () => {
  it.each<[ProseForm, string]>([
    ['document', `First.\n\n${words(30)}`],
    ['slashes', `const a = 1;\n\n// ${words(30)}`],
    ['slashes', `/** Short. */\n/** Short. */\n/** ${words(30)} */`],
    ['slashes', `/**\n * Short.\n * @returns ${words(30)}\n */`],
    ['hashes', `#!/usr/bin/env bash\n# Short.\n# ${words(30)}`],
    ['hashes', `a:\n  b: 1\n  # ${words(30)}`],
  ])('says the line of a long sentence in %s', async (form, text) => {
    expect(await found(form, text)).toEqual(['3 A sentence of 30 words: at most 25.']);
  });

  it('says the line of each of two comments with the same text', async () => {
    const comment = '// Whoever.\n';
    expect(await found('slashes', `${comment}a();\n${comment}`)).toEqual([
      '1 "whoever": name the actor.',
      '3 "whoever": name the actor.',
    ]);
  });

  it('joins the lines of a comment, and not those of two paragraphs', async () => {
    const half = 'word '.repeat(15).trim();
    expect(await found('hashes', `# ${half}\n# ${half}.`)).toHaveLength(1);
    expect(await found('hashes', `# ${half}.\n#\n# ${half}.`)).toEqual([]);
    expect(await found('slashes', `/**\n * ${half}\n * ${half}.\n */`)).toHaveLength(1);
  });

  it('takes a setting at its default for no part of a sentence', async () => {
    const settings = Array.from({ length: 40 }, (_, index) => `#SETTING_${index}=${index}`).join('\n');
    expect(await found('hashes', `# Short.\n${settings}\n# Whoever.`)).toEqual([
      '42 "whoever": name the actor.',
    ]);
  });

  it.each([
    'whoever',
    'nobody',
    'those who',
    'anew',
    'of its own',
    'all the same',
    'but for',
    'is none',
    'that is no',
    'became of',
    'becomes of',
    'blanks',
    'stand-in',
  ])('finds "%s", in one line and over two', async (words) => {
    const [{ message } = { message: '' }, ...others] = await lintProse('document', `It ${words} here.`);
    expect(message).toContain(`"${words}": `);
    expect(others).toEqual([]);
    const [first, ...rest] = words.split(' ');
    const broken = `/**\n * It ${[first, ...rest].join('\n * ')} here.\n */`;
    expect((await lintProse('slashes', broken)).map((finding) => finding.message)).toEqual([message]);
  });
});

describe('a document', () => {
  it.each([
    ['in a paragraph', `# Title\n\n${words(25)} ${words(26)}\n`, 3],
    ['over several lines', `# Title\n\n${words(26).replaceAll(' w9', '\nw9')}\n`, 3],
    ['in a list', `- ${words(3)}\n- ${words(26)}\n`, 2],
    ['in a table', `| a | b |\n|---|---|\n| c | ${words(26)} |\n`, 3],
  ])('may have 25 words a sentence, not 26: %s', async (_, text, line) => {
    expect(await lintProse('document', text)).toEqual([
      { line, message: 'A sentence of 26 words: at most 25.' },
    ]);
  });

  it('counts code as one word, and does not look into it', async () => {
    const text = `${words(24).slice(0, -1)} \`nobody ${words(20)}\`.\n\n\`\`\`sh\nnobody ${words(40)}\n\`\`\`\n`;
    expect(await lintProse('document', text)).toEqual([]);
  });

  it('gets the lines of words that make a reader stop', async () => {
    const found = await lintProse('document', 'Redis is there.\n\nNobody reads\nit anew.\n');
    expect(found).toEqual([
      { line: 3, message: '"nobody": name the actor.' },
      { line: 4, message: '"anew": again.' },
    ]);
  });
});

describe('code', () => {
  it('has comments, and its texts are not linted', async () => {
    const code =
      "const a = 'nobody'; // anew\n\n/**\n * Reads.\n * @param b whoever it is\n */\n\n// Two lines\n// of nobody.\n";
    expect(await lintProse('slashes', code)).toEqual([
      { line: 5, message: '"whoever": name the actor.' },
      { line: 9, message: '"nobody": name the actor.' },
    ]);
  });

  it('has a sentence for each property of a type', async () => {
    const lines = ['first', '[second]'].map((name) => ` * @property {{ a: string }} ${name} ${words(20)}\n`);
    expect(await lintProse('slashes', `/**\n${lines.join('').replaceAll('.', '')} */\n`)).toEqual([]);
  });

  it('has comments with hashes elsewhere', async () => {
    expect(await lintProse('hashes', 'a: nobody # anew\n# Nobody.\nb: 1\n')).toEqual([
      { line: 2, message: '"nobody": name the actor.' },
    ]);
  });
});
