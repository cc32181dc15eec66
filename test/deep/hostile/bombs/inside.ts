/**
 * Runs in a new process, whose memory is unused. It reads several Brotli bombs concurrently, as images of one call or
 * as pages of several calls. Then it prints their outcome and the growth of the process as JSON.
 */
import { brotliCompressSync, constants } from 'node:zlib';
import { type ByteShare, createByteBudget } from '../../../../lib/concurrency/byteBudget.ts';
import type { WebRequest } from '../../../../lib/domain/ports.ts';
import { answer, startRawServer } from '../../../lib/web/rawServer.ts';
import { createTestWeb, faultOf } from '../../../lib/web/testWeb.ts';
import { measureCost } from '../support/meter.ts';

const MIB = 1024 * 1024;
const [kind = 'image', count = '32'] = process.argv.slice(2);

const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 };
const bomb = brotliCompressSync(Buffer.alloc(256 * MIB), { params });
const headers = { 'Content-Type': 'image/png', 'Content-Encoding': 'br', Connection: 'close' };
await using server = await startRawServer((socket) => socket.end(answer(200, headers, bomb)));
await using web = createTestWeb({
  ports: [server.port],
  connectionsPerHost: 64,
  pageTimeoutMs: 60_000,
  imageTimeoutMs: 60_000,
});
// What a process takes for its first reading is not what a bomb takes.
await web.read(`http://good.test:${server.port}/`, { maxBytes: 1 });

const budget = createByteBudget(32 * MIB);
const read = async (index: number): Promise<string> => {
  let share: ByteShare | undefined;
  const room: WebRequest['room'] = (more) => {
    share ??= budget.open('one caller');
    return share.acquire(more);
  };
  const request: Partial<WebRequest> = kind === 'image' ? { kind, room } : { kind: 'page' };
  const result = await web.read(`http://good.test:${server.port}/${index}`, { maxBytes: MIB, ...request });
  share?.release();
  return faultOf(result);
};
const { value, cost } = await measureCost(() =>
  Promise.all(Array.from({ length: Number(count) }, (_, index) => read(index))),
);
console.log(JSON.stringify({ bytes: bomb.length, faults: value, grownBytes: cost.grownBytes }));
