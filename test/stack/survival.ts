/** Stops services under a light load, and checks what callers see meanwhile and what is there afterwards. */
import { setTimeout as delay } from 'node:timers/promises';
import { followLink, jsonOf } from '../../local-stack/smoke/calls.ts';
import {
  type Answer,
  lookUp,
  lookUpMany,
  measure,
  namesIn,
  type Promised,
  percentile,
  startLoad,
  summary,
  write,
} from './load.ts';
import { SERVICES, type Stack } from './stack.ts';
import { check, type Steps } from './steps.ts';

/** The sample site, as the API reaches it. */
export const SITE = 'http://nginx';
const RECOVERY_MS = 60_000;
/** Comparisons of the time with and without the exporter: other work of the machine affects only some of them. */
const COMPARISONS = 3;

type Allows = (result: Answer) => boolean;

const isSuccess: Allows = ({ status }) => status === 200 || status === 201;
const isBusy: Allows = ({ code, hasRetryAfter }) => code === 'URL_IN_PROGRESS' && hasRetryAfter;
const isStorageAway: Allows = ({ status, code, hasRetryAfter }) =>
  status === 503 && code === 'STORAGE_UNAVAILABLE' && hasRetryAfter;

/** The storage is down, or a write that was cut off still holds its lock. */
const isStoreAway: Allows = (response) => isStorageAway(response) || isBusy(response);

/** Responses that callers may get while a service is restarted. With other services, callers must notice nothing. */
const ALLOWED: Readonly<Record<string, Allows>> = {
  nginx: ({ operation, code }) => operation !== 'GET' && /^PAGE_(UNREACHABLE|TIMEOUT)$/.test(code),
  // Redis keeps its data: a write that could not release its lock meanwhile holds it until it expires.
  redis: isBusy,
  minio: isStoreAway,
  // The gateway itself is down, and a write that was cut off still holds its lock.
  app: (response) => response.status === 0 || isBusy(response),
};

export interface Survival {
  /** All pages that the API has confirmed so far. */
  readonly promised: readonly Promised[];
  restart(service: string): Promise<string>;
  killExporter(): Promise<string>;
  loseRedis(how: 'kill' | 'pause'): Promise<string>;
  loseStore(how: 'kill' | 'pause'): Promise<string>;
  killApp(): Promise<string>;
}

export function createSurvival(stack: Stack): Survival {
  const promised: Promised[] = [];
  let loads = 0;
  const load = () => {
    loads += 1;
    return startLoad({ api: stack.api, site: SITE, name: `load-${process.pid}-${loads}` });
  };

  /** Runs `work` under load, and checks every response and every confirmed page. */
  const underLoad = async (work: () => Promise<unknown>, allows: Allows): Promise<string> => {
    const running = load();
    const start = performance.now();
    try {
      await delay(1_000);
      await work();
      await untilRecovered(stack);
      await delay(500);
    } finally {
      await running.stop();
    }
    const seconds = ((performance.now() - start) / 1_000).toFixed(0);
    promised.push(...running.promised);
    const wrong = running.results.filter((result) => !isSuccess(result) && !allows(result));
    check(wrong.length === 0, `answers that must not be: ${summary(wrong)}`);
    await checkPromised(stack, running.promised);
    const others = running.results.filter((reply) => !isSuccess(reply));
    const slowest = percentile(running.results, 1).toFixed(0);
    return `${running.results.length} answers in ${seconds} s, slowest ${slowest} ms${
      others.length > 0 ? `; not as usual: ${summary(others)}` : ''
    }; ${running.promised.length} pages promised, all there`;
  };

  return {
    promised,
    restart: (service) =>
      underLoad(
        async () => {
          await stack.compose('restart', '--timeout', '15', service);
          await stack.untilHealthy(RECOVERY_MS);
        },
        ALLOWED[service] ?? (() => false),
      ),

    async killExporter() {
      const page = `${SITE}/sample/?known`;
      const many = () => lookUpMany(stack.api, page, 2_000, 4);
      const id = await stack.container('emf-exporter');
      for (let round = 1; ; round += 1) {
        const before = await many();
        const [during] = await Promise.all([many(), delay(300).then(() => stack.docker('kill', id))]);
        const without = await many();
        await stack.docker('start', id);
        await stack.untilHealthy(RECOVERY_MS);
        const all = [...before, ...during, ...without];
        check(all.every(isSuccess), summary(all));
        // The median, since other work of the machine slows single calls; and again, since such work may begin
        // meanwhile.
        const [median, medianWithout] = [percentile(before, 0.5), percentile(without, 0.5)];
        const isSlower = medianWithout >= median * 1.5 + 3;
        if (isSlower && round < COMPARISONS) continue;
        check(!isSlower, `the median went from ${median.toFixed(1)} to ${medianWithout.toFixed(1)} ms`);
        const word = (responses: readonly Answer[]) =>
          `p50 ${percentile(responses, 0.5).toFixed(1)}, p95 ${percentile(responses, 0.95).toFixed(1)} ms`;
        return `${all.length} answers, all 200; with it ${word(before)}; as it died ${word(during)}; without it ${word(without)}; in round ${round}`;
      }
    },

    loseRedis: (how) =>
      underLoad(
        async () => {
          const id = await stack.container('redis');
          await stack.docker(how, id);
          await delay(4_000);
          await stack.docker(how === 'kill' ? 'start' : 'unpause', id);
          await stack.untilHealthy(RECOVERY_MS);
        },
        // A lock from before Redis stopped is still there afterwards.
        isBusy,
      ),

    async loseStore(how) {
      const id = await stack.container('minio');
      const app = await stack.container('app');
      const startedAt = () => stack.docker('inspect', '--format', '{{.State.StartedAt}}', app);
      const before = await startedAt();
      const uncached = `${SITE}/sample/?never-harvested`;
      let answers: readonly Answer[] = [];
      const told = await underLoad(async () => {
        await stack.docker(how, id);
        answers = [
          (await measure('GET', () => lookUp(stack.api, uncached))).response,
          (await measure('POST', () => write(stack.api, 'POST', uncached))).response,
          (await measure('PUT', () => write(stack.api, 'PUT', uncached))).response,
        ];
        await stack.docker(how === 'kill' ? 'start' : 'unpause', id);
        await stack.untilHealthy(RECOVERY_MS);
      }, isStoreAway);
      check(answers.every(isStorageAway), `without it: ${summary(answers)}`);
      check((await startedAt()) === before, 'the app was restarted');
      const slowest = percentile(answers, 1).toFixed(0);
      return `one after the other ${summary(answers)}, each with Retry-After, slowest ${slowest} ms; beside them ${told}; the app still the same`;
    },

    killApp: () =>
      underLoad(async () => {
        const id = await stack.container('app');
        const pid = Number(await stack.docker('inspect', '--format', '{{.State.Pid}}', id));
        check(pid > 1, `no process id: ${pid}`);
        // Not with the engine, which would not restart a container that a user has killed.
        process.kill(pid, 'SIGKILL');
        await stack.untilHealthy(RECOVERY_MS);
      }, ALLOWED.app ?? isBusy),
  };
}

/** @throws Error with the last responses when the time is over */
async function untilRecovered({ api }: Stack): Promise<void> {
  const start = performance.now();
  for (let turn = 0, good = 0; ; turn += 1) {
    const url = `${SITE}/sample/based.html?recovered=${process.pid}-${Math.round(performance.now())}-${turn}`;
    const responses = [
      (await measure('POST', () => write(api, 'POST', url))).response,
      (await measure('PUT', () => write(api, 'PUT', url))).response,
      (await measure('GET', () => lookUp(api, url))).response,
    ];
    good = responses.every(isSuccess) ? good + 1 : 0;
    const ms = performance.now() - start;
    if (good === 3) return;
    check(ms < RECOVERY_MS, `not well again after ${(ms / 1_000).toFixed(0)} s: ${summary(responses)}`);
    await delay(100);
  }
}

/** Checks that a look-up of every confirmed page has the same names, and that the link of its first object works. */
export async function checkPromised(stack: Stack, promised: readonly Promised[]): Promise<void> {
  check(
    promised.some(({ images }) => images.length > 0),
    'no picture was promised to look for',
  );
  const left = [...promised];
  const worker = async () => {
    for (let page = left.pop(); page !== undefined; page = left.pop()) {
      const reply = await lookUp(stack.api, page.url, '&include=links');
      const { items } = jsonOf(reply, 200) as { items?: readonly { href: string }[] };
      check(String(namesIn(reply)) === String(page.images), `${page.url} answers other names`);
      check(items?.length === page.images.length, `${page.url} answers with ${items?.length ?? 'no'} items`);
      // There are no items if the site stopped between its page and its pictures.
      for (const [index, { href }] of items.entries()) {
        const object = await followLink(href, stack.store);
        check(object.status === 200, `${page.images[index]}: status ${object.status}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

export async function restartEach(steps: Steps, survival: Survival): Promise<void> {
  for (const service of SERVICES) {
    await steps.step(`${service} is restarted under load`, () => survival.restart(service));
  }
}
