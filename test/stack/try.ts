/** Tries the compose stack on a real engine, with substitute images (images.sh). Each line is a claim with its time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call, type Reply } from '../../local-stack/smoke/calls.ts';
import { cleanEnvironment } from '../support/startApp.ts';
import { refuseBadSettings } from './badSettings.ts';
import { checkBounds, checkNetworks } from './bounds.ts';
import { checkGrafanaTypes } from './grafanaTypes.ts';
import { lookUp, lookUpMany, namesIn, summary, write } from './load.ts';
import { loseCommits } from './lostCommits.ts';
import { alertNames, checkQueries, checkRules, sampleOf } from './queries.ts';
import { createStack, DOWN, ROOT, run, SERVICES, type Stack } from './stack.ts';
import { check, createSteps, type Steps } from './steps.ts';
import { checkContract } from './storeContract.ts';
import { failAtStore } from './storeFailures.ts';
import { checkOrigins, checkRights } from './storeRights.ts';
import { checkPromised, createSurvival, restartEach, SITE } from './survival.ts';
import { trySweep } from './sweep.ts';
import { checkVersions } from './versions.ts';

const HEALTHY_MS = 90_000;
const COUNTED = 10_000;
const LOCK_MS = 35_000;
/** Name of the image in the compose file. */
const IMAGE = 'image-processing-api:local';

async function main(steps: Steps, stack: Stack): Promise<void> {
  const { step } = steps;
  const old = stack.by('docker-compose');
  for (const each of [old, stack]) await step(`${each.client}: config is clean`, () => checkConfig(each));
  await step("Grafana's own types know all that the dashboards say", checkGrafanaTypes);
  await step('the image of the app is built', () => buildImage(stack));
  for (const each of [old, stack]) await refuseBadSettings(steps, each);
  if (!(await step('from nothing to healthy', () => bringUp(stack)))) return tellLogs(stack);
  await step('each container is bounded as the file says', () => checkBounds(stack));
  await step('only the app has a way out', () => checkNetworks(stack));
  await step('what is tried beside what is named', () => checkVersions(stack));
  await step('promtool finds the configuration, the rules and their tests good', () =>
    checkWithPromtool(stack),
  );
  await step('the smoke test passes', () => smoke(stack));
  await step('the sample pages are harvested', () => beBusy(stack));
  await step("the API's user may do what the API does, and nothing else", () => checkRights(stack));
  await step('the store lets pages of the console call it from a browser, and no others', () =>
    checkOrigins(stack),
  );
  await step('the store keeps its contract, with the rights of that user', () => checkContract(stack));
  await step('the sweep runs in the stack, and takes what no record names', () => trySweep(stack));
  // Each Compose takes over from the other: with the same volumes, and its own names of containers.
  for (const [from, to] of [[stack, old] as const, [old, stack] as const]) {
    await step(`${from.client} down with the volumes kept, ${to.client} up: the same answers`, () =>
      comeBack(from, to),
    );
  }

  const survival = createSurvival(stack);
  await restartEach(steps, survival);
  await step(`${COUNTED} requests are counted as ${COUNTED}`, () => countRequests(stack));
  await step('look-ups hit the cache', () => checkCacheHits(stack));
  await step('the exporter is killed under load: no answer changes', () => survival.killExporter());
  await step('Redis is killed under load: answers go on', () => survival.loseRedis('kill'));
  await step('Redis hangs under load: answers go on', () => survival.loseRedis('pause'));
  await step('the store is killed under load: 503, then well again', () => survival.loseStore('kill'));
  await step('the store hangs under load: 503, then well again', () => survival.loseStore('pause'));
  await step('the app is killed under load: the engine starts it again', () => survival.killApp());
  await stack.docker('stop', await stack.container('redis'));
  await step('without Redis, the bucket alone answers every page that was promised', async () => {
    await checkPromised(stack, survival.promised);
    return `${survival.promised.length} pages`;
  });
  await step('without Redis, one of several writers commits, and the others leave nothing behind', () =>
    loseCommits(stack, `${SITE}/sample/?contested`),
  );
  await stack.docker('start', await stack.container('redis'));
  await stack.untilHealthy(HEALTHY_MS);

  await beBusy(stack);
  await step('every query of the dashboards finds a figure', () => checkQueries(stack.prometheus));
  await step('Prometheus evaluates every rule, and knows what it asks for', () =>
    checkRules(stack.prometheus),
  );
  await step('the smoke test passes again', () => smoke(stack));
  await step('nothing ended by itself, and no call was our own mistake', () => checkCalm(stack));
  await step('no alert is on but those that this trial called for', () => checkAlerts(stack));
  if (steps.tally().failed > 0) await tellLogs(stack);
}

async function checkConfig(stack: Stack): Promise<string> {
  const { code, text } = await stack.composeWith({}, 'config', '--quiet');
  check(code === 0 && text.trim() === '', text);
  return (await stack.compose('version', '--short')).trim();
}

/** Builds with the older Compose, which needs no plug-in, and removes the image that it replaces. */
async function buildImage(stack: Stack): Promise<undefined> {
  const idOf = async () => (await stack.docker('images', '--quiet', IMAGE)).trim();
  const before = await idOf();
  await stack.by('docker-compose').compose('build', 'app');
  if (before !== '' && before !== (await idOf())) await stack.docker('rmi', before).catch(() => '');
}

async function bringUp(stack: Stack): Promise<string> {
  const start = performance.now();
  await stack.compose('up', '--detach', '--no-build');
  await stack.untilHealthy(HEALTHY_MS);
  const ms = performance.now() - start;
  check(ms <= HEALTHY_MS, `healthy after ${(ms / 1_000).toFixed(0)} s`);
  return `${SERVICES.length} services`;
}

async function checkWithPromtool(stack: Stack): Promise<string> {
  const id = await stack.container('prometheus');
  const inside = (command: string) =>
    stack.docker('exec', id, 'sh', '-c', `cd /etc/prometheus && ${command}`);
  await inside('promtool check config prometheus.yml');
  await inside('promtool check rules rules/*.yml');
  await inside('promtool test rules tests/*.yml');
  return (await inside('promtool --version 2>&1')).split('\n')[0] ?? '';
}

async function smoke(stack: Stack): Promise<string> {
  const args = ['local-stack/smoke.ts', 'compose', '--grafana', 'off'];
  const { code, text } = await run(process.execPath, args, { ...cleanEnvironment({}), ...stack.settings });
  await writeFile(join(ROOT, '.local/stack/smoke.log'), text);
  check(code === 0, text.trim().split('\n').slice(-4).join(' | '));
  return text.trim().split('\n').at(-1) ?? '';
}

/** Makes calls of every kind, so that no panel is empty. Each must get the expected response. */
async function beBusy({ api, site, store }: Stack): Promise<string> {
  const page = (name: string) => `${SITE}/sample/${name}`;
  let calls = 0;
  const expect = async (wanted: readonly number[], send: () => Promise<Reply>) => {
    const { status, bytes } = await untilFree(send);
    calls += 1;
    check(
      wanted.includes(status),
      `call ${calls}: status ${status}: ${bytes.toString('utf8').slice(0, 300)}`,
    );
  };
  for (const name of ['?known', 'channels.html', 'based.html', 'changing/'])
    await expect([200, 201], () => write(api, 'PUT', page(name)));
  await expect([200], () => call(`${site}/sample/changing/next`, { method: 'POST' }));
  await expect([200], () => write(api, 'PUT', page('changing/')));
  await expect([409], () => write(api, 'POST', page('?known')));
  await expect([502], () => write(api, 'POST', page('no-such-page')));
  await expect([403], () => write(api, 'POST', 'http://169.254.169.254/'));
  for (const name of ['?known', 'image1.jpg', 'channels.html'])
    await expect([200], () => lookUp(api, page(name)));
  await expect([404], () => lookUp(api, page('never')));
  await failAtStore(store);
  return `${calls} calls, and two that fail at the store`;
}

/** Repeats a call until the page is free: the app was killed during a write, whose lock lasts as long as a call. */
async function untilFree(send: () => Promise<Reply>): Promise<Reply> {
  const end = performance.now() + LOCK_MS;
  for (;;) {
    const reply = await send();
    if (!reply.bytes.includes('"URL_IN_PROGRESS"') || performance.now() > end) return reply;
    await delay(500);
  }
}

async function comeBack(from: Stack, stack: Stack): Promise<string> {
  const pages = ['?known', 'channels.html', 'based.html', 'changing/', 'image1.jpg'];
  const answersOf = () =>
    Promise.all(
      pages.map(async (name) => {
        const reply = await lookUp(stack.api, `${SITE}/sample/${name}`, '&include=details');
        // Five equal responses of 404 must not pass.
        check(reply.status === 200, `${name}: status ${reply.status}`);
        check(namesIn(reply).length > 0, `${name} names no picture`);
        return `${reply.headers.get('etag')} ${reply.bytes}`;
      }),
    );
  const before = await answersOf();
  const then = Math.floor(Date.now() / 1_000);
  await from.compose('down');
  await bringUp(stack);
  const after = await answersOf();
  for (const [index, name] of pages.entries())
    check(before[index] === after[index], `${name} answers otherwise`);
  const past = `count_over_time(up{job="prometheus"}[1m] @ ${then})`;
  check((await sampleOf(stack.prometheus, past)) > 0, 'Prometheus has forgotten what was');
  return `${pages.length} pages byte for byte, and the measurements of before`;
}

/** A function that returns the sum of a metric's series from the exporter itself, not from Prometheus. */
async function askExporter(stack: Stack): Promise<(metric: string) => number> {
  const script =
    "fetch('http://127.0.0.1:9464/metrics').then((r) => r.text()).then((text) => process.stdout.write(text))";
  const text = await stack.docker('exec', await stack.container('emf-exporter'), 'node', '-e', script);
  const lines = text.split('\n').map((line) => line.split(/[{ ]/, 1).concat(line.split(' ').at(-1) ?? ''));
  return (metric) =>
    lines.filter(([name]) => name === metric).reduce((sum, [, value]) => sum + Number(value), 0);
}

/** The kernel's buffer is small: an exporter that is paused for a third of a second loses datagrams, and reports it. */
const ROUNDS = 3;

async function countRequests(stack: Stack): Promise<string> {
  for (let round = 1; ; round += 1) {
    const before = await askExporter(stack);
    const start = performance.now();
    const responses = await lookUpMany(stack.api, `${SITE}/sample/?known`, COUNTED, 16);
    const seconds = (performance.now() - start) / 1_000;
    check(
      responses.length === COUNTED && responses.every(({ status }) => status === 200),
      summary(responses),
    );
    const end = performance.now() + 20_000;
    let [counted, hits, lost] = [0, 0, 0];
    while (counted < COUNTED && lost === 0 && performance.now() < end) {
      const after = await askExporter(stack);
      const grown = (metric: string) => after(metric) - before(metric);
      counted = grown('image_api_requests_total');
      hits = grown('image_api_cache_hits_total');
      lost = grown('emf_exporter_udp_receive_drops_total');
      await delay(250);
    }
    if (lost > 0 && round < ROUNDS) continue;
    check(counted === COUNTED, `${counted} were counted, ${lost} datagrams lost, in round ${round}`);
    // All except the first look-ups are hits; fewer if Redis was slow for a moment.
    check(hits > COUNTED / 2, `${hits} of ${COUNTED} look-ups of one page hit the cache`);
    return `${(COUNTED / seconds).toFixed(0)} a second, ${hits} from the cache, in round ${round}`;
  }
}

/** Checks the ratio of cache hits with the panels' query, once it was scraped. */
async function checkCacheHits({ prometheus }: Stack): Promise<string> {
  const end = performance.now() + 45_000;
  for (;;) {
    const hits = await sampleOf(prometheus, 'sum(image_api_cache_hits_total)');
    if (hits > 0) return `${hits} hits`;
    check(performance.now() < end, 'no look-up has hit the cache');
    await delay(2_000);
  }
}

/** Checks that only the app, which was killed, was restarted, and that no container ran out of memory. */
async function checkCalm(stack: Stack): Promise<string> {
  for (const service of SERVICES) {
    const format = '{{.RestartCount}} {{.State.OOMKilled}}';
    const told = await stack.docker('inspect', '--format', format, await stack.container(service));
    const wanted = service === 'app' ? '1 false' : '0 false';
    check(
      told.trim() === wanted,
      `${service}: restarts and lack of memory are "${told.trim()}", not "${wanted}"`,
    );
  }
  const log = await stack.docker('logs', await stack.container('app'));
  const mistakes = log
    .split('\n')
    .filter((line) => /"code":"INTERNAL"|"cause":"NOPERM|unhandled|uncaught/i.test(line));
  check(mistakes.length === 0, mistakes.slice(0, 3).join(' | '));
  return `${log.split('\n').length} lines of the app's log`;
}

/**
 * Alerts that the trial causes: it killed and paused the store, and a busy machine may pause the exporter, which
 * `countRequests` has checked.
 */
const CALLED_FOR = ['StorageUnavailable', 'ExporterLosingDatagrams'];

async function checkAlerts(stack: Stack): Promise<string> {
  const alerts = await alertNames(stack.prometheus);
  const others = alerts.filter(
    (name) => name.endsWith('(firing)') && !CALLED_FOR.some((known) => name.startsWith(known)),
  );
  check(others.length === 0, others.join(', '));
  return alerts.join(', ');
}

async function tellLogs(stack: Stack): Promise<void> {
  const { text } = await stack.composeWith({}, 'logs', '--no-color', '--tail', '200');
  const file = join(ROOT, '.local/stack/services.log');
  await writeFile(file, text);
  process.stdout.write(
    `The services' own words are in ${file}; the last of them:\n${text.split('\n').slice(-40).join('\n')}\n`,
  );
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const steps = createSteps(say);
const stack = await createStack();
/** Volumes without a name. Named volumes belong to the project, and are removed with it. */
const unnamedVolumes = async () =>
  (await stack.docker('volume', 'ls', '--quiet')).split('\n').filter((name) => /^[0-9a-f]{64}$/.test(name));
try {
  await stack.composeWith({}, ...DOWN);
  const before = await unnamedVolumes();
  await main(steps, stack);
  await steps.step('down leaves nothing behind', async () => {
    check((await stack.belongings()).length > 0, 'nothing is found of what is there before');
    await stack.compose(...DOWN);
    const unnamed = (await unnamedVolumes()).filter((name) => !before.includes(name));
    const left = [...(await stack.belongings()), ...unnamed];
    check(left.length === 0, left.join(', '));
    return undefined;
  });
} catch (error) {
  await steps.step('the trial itself', () => Promise.reject(error));
} finally {
  await stack.composeWith({}, ...DOWN);
}
for (const what of [
  'Grafana: it has no stand-in. Its types know the dashboards, and the live Prometheus answered every query',
  'the official images themselves: others stood in, with the versions above',
]) {
  steps.untried(what);
}
const { passed, failed } = steps.tally();
say(`\nStack: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
