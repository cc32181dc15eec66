/** What no test runs is linted: scripts, the API's description, the template of AWS; and whether anything is left over. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findLinter } from '../../support/linters.ts';
import { ROOT } from '../../support/startApp.ts';

const run = promisify(execFile);
const HERE = 'test/deep/linters';

const program = (name: string) => findLinter(name) ?? `${name} is not installed`;
const knip = program('node_modules/.bin/knip');
const spectral = program('node_modules/.bin/spectral');
const cfnLint = program('python/bin/cfn-lint');
const checkov = program('python/bin/checkov');
const shellcheck = program('python/bin/shellcheck');

/** What a linter says, whether it is content or not. */
async function saidBy(command: string, args: readonly string[]): Promise<string> {
  const said = await run(command, args, { cwd: ROOT }).catch(
    (error: { readonly stdout?: string; readonly stderr?: string }) => error,
  );
  if (said instanceof Error && !('stdout' in said)) throw said;
  return `${said.stdout ?? ''}${said.stderr ?? ''}`.trim();
}

(findLinter('node_modules/.bin/spectral') === null ? describe.skip : describe)(
  'a linter has nothing to say',
  () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'linters-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it('of the scripts (shellcheck)', async () => {
      const { stdout } = await run('git', ['ls-files', '*.sh', '.ci/run'], { cwd: ROOT });
      const scripts = stdout.trim().split('\n');
      expect(scripts).toContain('.ci/run');
      expect(await saidBy(shellcheck, ['--external-sources', '--source-path=SCRIPTDIR', ...scripts])).toBe(
        '',
      );
    });

    it('of static/openapi.yaml (Spectral)', async () => {
      const said = await saidBy(spectral, [
        'lint',
        '--ruleset',
        `${HERE}/spectral.yaml`,
        '--fail-severity=hint',
        'static/openapi.yaml',
      ]);
      expect(said).toContain('No results with a severity of');
    });

    it.each([
      ['as it is by itself', []],
      [
        'with everything that one may choose',
        [
          'ALARM_TOPIC=arn:aws:sns:us-east-1:123456789012:alarms',
          'HARVEST_CONCURRENCY=5',
          'SECURITY_GROUP_IDS=sg-0123456789abcdef0',
          'SUBNET_IDS=subnet-0123456789abcdef0',
          'TRACING=Active',
        ],
      ],
    ])('of the template that is deployed, %s (cfn-lint, checkov)', async (_what, parameters) => {
      const serverless = join(ROOT, 'node_modules/.bin/serverless');
      const chosen = parameters.map((each) => `--param=${each}`);
      await run(serverless, ['package', '--package', folder, ...chosen], { cwd: ROOT });
      const template = join(folder, 'cloudformation-template-update-stack.json');
      expect(await saidBy(cfnLint, ['--config-file', `${HERE}/cfnlint.yaml`, template])).toBe('');
      const said = await saidBy(checkov, ['--config-file', `${HERE}/checkov.yaml`, '--file', template]);
      expect(said).toMatch(/Passed checks: [1-9]\d+, Failed checks: 0, Skipped checks: 0/);
    });

    it('of exports, files and dependencies (knip)', async () => {
      expect(await saidBy(knip, ['--config', `${HERE}/knip.json`, '--no-progress'])).toBe('');
    });
  },
);
