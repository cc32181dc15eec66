/** GET over HTTP through serverless-offline against a constant handler through it. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { plainEnvironment } from '../child.ts';
import { writeEvent } from '../events.ts';
import { ratioRow } from '../row.ts';
import type { World } from '../world.ts';
import type { Scenario } from './scenario.ts';

const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
const CONNECTIONS = 16;
const TIMES = 600;
const START_MAX_MS = 60_000;
const CONSTANT =
  'export const handler = async () => ({ statusCode: 200, headers: { "content-type": "application/json" }, body: "{}" });\n';

export const http: Scenario = {
  name: 'http',
  async run(world, { rounds }) {
    await using parts = new AsyncDisposableStack();
    const agent = new Agent({ connections: CONNECTIONS });
    parts.defer(() => agent.destroy());
    const { url } = world.newPage(10, 200, 0);
    const service = await world.startFunction('postImages');
    await service.run({ event: writeEvent('POST', url), times: 1, atOnce: 1, status: 201 });
    await service.close();

    const api = await startGateway(world, parts);
    const perSecond = (path: string) => throughput(`${api}${path}`, agent);
    const lookUps: number[] = [];
    const constants: number[] = [];
    for (let round = -2; round < rounds; round += 1) {
      const one = await perSecond(`/images?url=${encodeURIComponent(url)}`);
      const other = await perSecond('/constant');
      if (round < 0) continue;
      lookUps.push(one);
      constants.push(other);
    }
    return [
      ratioRow({
        scenario: 'http',
        what: `GET through serverless-offline, ${CONNECTIONS} connections`,
        unit: '/s',
        subject: lookUps,
        reference: constants,
        aim: { atLeast: 0.8 },
      }),
    ];
  },
};

async function throughput(url: string, dispatcher: Agent): Promise<number> {
  let left = TIMES;
  const start = performance.now();
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await request(url, { dispatcher });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${url} was answered ${statusCode}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, caller));
  return (TIMES * 1_000) / (performance.now() - start);
}

/** Both functions behind one gateway, as `npm start` runs the API. */
async function startGateway(world: World, parts: AsyncDisposableStack): Promise<string> {
  const folder = join(world.folder, 'gateway');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n');
  await writeFile(join(folder, 'constant.js'), CONSTANT);
  // The runner takes no handler from outside its folder.
  const bundle = JSON.stringify(join(world.bundles, 'getImages/index.js'));
  await writeFile(join(folder, 'getImages.js'), `export { handler } from ${bundle};\n`);
  const port = await freePort();
  const lambdaPort = await freePort();
  const configuration = {
    service: 'bench',
    frameworkVersion: '4',
    plugins: ['serverless-offline'],
    provider: { name: 'aws', runtime: 'nodejs24.x', region: 'us-east-1', httpApi: { payload: '2.0' } },
    functions: {
      getImages: { handler: 'getImages.handler', events: [{ httpApi: 'GET /images' }] },
      constant: { handler: 'constant.handler', events: [{ httpApi: 'GET /constant' }] },
    },
    custom: {
      'serverless-offline': {
        useInProcess: true,
        noAuth: true,
        noPrependStageInUrl: true,
        host: '127.0.0.1',
      },
    },
  };
  await writeFile(join(folder, 'serverless.json'), JSON.stringify(configuration));
  const ports = ['--httpPort', String(port), '--lambdaPort', String(lambdaPort)];
  const child = spawn(process.execPath, [SERVERLESS, 'offline', 'start', '--noSponsor', ...ports], {
    cwd: folder,
    env: { ...plainEnvironment(), ...world.functionEnv(), AWS_REGION: 'us-east-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    // What it says about each call is read, as a terminal would, and let go.
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8_000);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  parts.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  const end = performance.now() + START_MAX_MS;
  while (performance.now() < end && child.exitCode === null) {
    const response = await fetch(`${url}/constant`).catch(() => null);
    if (response?.status === 200) return url;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`serverless-offline did not start:\n${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
