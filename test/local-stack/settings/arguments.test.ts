import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';

it.each(['start', 'sweep'])('%s refuses an argument in one sentence', (command) => {
  const { status, stderr } = spawnSync(process.execPath, [`local-stack/${command}.ts`, '--port=1'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/"--port=1" is not known: [^\n]*\n$/)]);
});
