/** N: many callers at once. Each has its answer, its time and its share, whatever the others ask for. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createByteBudget } from '../../../lib/concurrency/byteBudget.ts';
import { createAdmission } from '../../../lib/harvest/admission.ts';
import { pngOf } from '../../lib/image/samples.ts';
import { answer, pathOf, type Respond } from '../../lib/web/rawServer.ts';
import { onReferenceMachine, threadMs } from '../../support/processorTime.ts';
import { until } from '../../support/until.ts';
import { report } from './support/figures.ts';
import { type HostileParts, type HostileService, startHostileService } from './support/hostileService.ts';

const PICTURE = pngOf(20, 20);
const IMAGE_MS = 50;
const BUDGET = 64 * 1024;

let service: HostileService;
afterEach(() => service[Symbol.asyncDispose]());

async function start(parts: HostileParts): Promise<void> {
  service = await startHostileService(parts);
}

/** `/page/NAME/COUNT` has so many images `/image/NAME/n`, each of which takes a while. */
const slowImages: Respond = (socket, requestHead) => {
  const [, kind, name, count] = pathOf(requestHead).split('/');
  if (kind === 'image') return void setTimeout(() => socket.write(answer(200, {}, PICTURE)), IMAGE_MS);
  const images = Array.from({ length: Number(count) }, (_, index) => `<img src=/image/${name}/${index}>`);
  socket.write(answer(200, { 'Content-Type': 'text/html' }, `<p>${images.join('')}`));
};

describe('200 callers at once', () => {
  it('N01 are eight harvests and 192 times 429, no image is out of time, and a look-up is not held up', async () => {
    let storeCalls = 0;
    await start({
      respond: slowImages,
      config: { imageTimeoutMs: 1_000 },
      adapters: { admission: createAdmission(8) },
      storeIntercept: async (_, apply) => {
        storeCalls += 1;
        return apply();
      },
    });
    await service.post(service.url('/page/first/1'));
    const callsOfOne = storeCalls;
    storeCalls = 0;

    const posts = Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        index % 3 === 2
          ? service.put(service.url(`/page/c${index}/40`))
          : service.post(service.url(`/page/c${index}/40`), index % 3 === 1 ? { dryRun: true } : {}),
      ),
    );
    let isOver = false;
    void posts.then(() => {
      isOver = true;
    });
    const times: number[] = [];
    while (!isOver) {
      const since = threadMs();
      expect((await service.get(service.url('/page/first/1'))).status).toBe(200);
      times.push(threadMs() - since);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const responses = await posts;
    const harvested = responses.filter(({ code }) => code === 'OK');
    const refused = responses.filter(({ code }) => code === 'TOO_MANY_REQUESTS');
    expect([harvested.length, refused.length]).toEqual([8, 192]);
    expect(new Set(refused.map(({ status, headers }) => `${status} ${headers['retry-after']}`))).toEqual(
      new Set(['429 2']),
    );
    // Eight harvests of 40 images share eight connections for two seconds: twice the time of one image.
    for (const { body } of harvested) expect(body.counts).toMatchObject({ items: 40, skipped: 0 });
    // A refused one asks nothing of the store; a harvest as much as one did, and 39 images more.
    expect(storeCalls).toBeLessThan(8 * (callsOfOne + 39) + times.length);
    expect(onReferenceMachine(Math.max(...times))).toBeLessThan(1_000);
    report({ inputs: 200, stallMs: onReferenceMachine(Math.max(...times)) });
    // Every harvest has left.
    expect((await service.post(service.url('/page/last/1'))).status).toBe(201);
  });

  it('N02 that fail leave too', async () => {
    await start({ respond: (socket) => socket.destroy(), adapters: { admission: createAdmission(1) } });
    for (let i = 0; i < 3; i += 1) {
      expect((await service.post(service.url('/'))).code).toBe('PAGE_UNREACHABLE');
    }
    expect((await service.post('http://127.0.0.1/')).code).toBe('ADDRESS_FORBIDDEN');
    expect((await service.post('ftp://x/')).code).toBe('URL_INVALID');
  });
});

describe('the time of an image', () => {
  it('N03 runs from its request, not while calls share one connection', async () => {
    await start({
      respond: slowImages,
      // 5 calls of 12 images at 50 ms each, one after another, are three times this.
      config: { imageTimeoutMs: 1_000, pageTimeoutMs: 1_000, connectionsPerHost: 1 },
    });
    const responses = await Promise.all(
      Array.from({ length: 5 }, (_, index) => service.post(service.url(`/page/c${index}/12`))),
    );
    for (const { body } of responses) expect(body.counts).toMatchObject({ items: 12, skipped: 0 });
    report({ inputs: 60 });
  });
});

describe('a host that one caller keeps busy', () => {
  it('N04 answers another before that one is through', async () => {
    await start({ respond: slowImages, config: { connectionsPerHost: 4 }, timeMs: 60_000 });
    const many = service.post(service.url('/page/many/200'));
    const requestsOf = (name: string) =>
      service.site.heads.filter((head) => pathOf(head).startsWith(`/image/${name}/`)).length;
    while (requestsOf('many') < 4) await new Promise((resolve) => setTimeout(resolve, 5));

    const since = requestsOf('many');
    const few = await service.post(service.url('/page/few/8'));
    expect(few.body.counts).toMatchObject({ items: 8, skipped: 0 });
    // Half of the connections are its own: about as many of the others' images are asked for meanwhile as it has.
    expect(requestsOf('many') - since).toBeLessThan(30);
    expect((await many).body.counts).toMatchObject({ items: 200, skipped: 0 });
    report({ inputs: 208 });
  });
});

describe('images that withhold their last byte', () => {
  it('N05 fill the memory of one caller, and no other waits for them', async () => {
    const withheld: Socket[] = [];
    const whole = answer(200, {}, Buffer.concat([PICTURE, Buffer.alloc(BUDGET / 2 - PICTURE.length)]));
    await start({
      respond: (socket, requestHead, index) => {
        if (!pathOf(requestHead).startsWith('/image/greedy/')) return slowImages(socket, requestHead, index);
        socket.write(whole.subarray(0, -1));
        withheld.push(socket);
      },
      config: { imageTimeoutMs: 20_000 },
      adapters: { bytesInFlight: createByteBudget(BUDGET) },
      timeMs: 12_000,
    });
    const greedy = service.post(service.url('/page/greedy/2'));
    await until(() => withheld.length === 2);
    const others = await Promise.all(
      ['one', 'two'].map((name) => service.post(service.url(`/page/${name}/8`))),
    );
    for (const { body } of others) expect(body.counts).toMatchObject({ items: 8, skipped: 0 });
    for (const socket of withheld) socket.write(whole.subarray(-1));
    expect((await greedy).body.counts).toMatchObject({ items: 2, skipped: 0 });
    report({ inputs: 3 });
  });
});
