/** Runs the contract suite of stores on the stack's server, with the keys of the API. */
import { join } from 'node:path';
import { cleanEnvironment } from '../support/startApp.ts';
import { ROOT, run, type Stack } from './stack.ts';
import { check } from './steps.ts';

/** @throws Error with the output of the failed tests */
export async function checkContract(stack: Stack): Promise<string> {
  const args = ['run', 'test:jest', '--', 'test/contract/stores.test.ts', '-t', 'S3 on the given server'];
  const env = cleanEnvironment({ CONTRACT_STORE: stack.store });
  const { code, text } = await run('npm', args, {
    ...env,
    PATH: `${join(ROOT, 'node_modules/.bin')}:${env.PATH}`,
  });
  const passed = /Tests:.*?(\d+) passed/.exec(text)?.[1];
  check(code === 0 && Number(passed) > 0, text.trim().slice(-1_500));
  return `${passed} tests`;
}
