/** F11: a receiver of metrics that is not there, or takes nothing, costs a call nothing. */
import { createSocket, type Socket } from 'node:dgram';
import { describe, expect, it } from '@jest/globals';
import type { Metrics } from '../../../lib/domain/ports.ts';
import { createEmfMetrics } from '../../../lib/emf/emfMetrics.ts';
import { until } from '../../support/until.ts';
import { report } from '../hostile/support/figures.ts';
import { startPartsService, timed } from './partsService.ts';

const PAIRS = 60;
const COST_MAX_MS = 5;
const SILENT: Metrics = { emit: async () => undefined };

const metricsTo = (port: number): Metrics => createEmfMetrics({ hostname: '127.0.0.1', port });

async function receiver(): Promise<{ readonly socket: Socket; readonly port: number }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { socket, port: socket.address().port };
}

const close = (socket: Socket) => new Promise<void>((resolve) => socket.close(() => resolve()));

describe('F11 the receiver of metrics', () => {
  it('F11 is told of a call when it is there', async () => {
    const { socket, port } = await receiver();
    const heard: string[] = [];
    socket.on('message', (message) => heard.push(message.toString()));
    await using service = await startPartsService({ metrics: metricsTo(port) });
    await service.get(service.page);
    await until(() => heard.some((text) => text.includes('"Outcome":"PAGE_NOT_FOUND"')));
    await close(socket);
  });

  it.each(['refuses', 'takes nothing'])('F11 %s: a call takes less than 5 ms more', async (what) => {
    const { socket, port } = await receiver();
    // No socket listens there any more, and the kernel reports that to the sender.
    if (what === 'refuses') await close(socket);
    else socket.setRecvBufferSize(1);
    const emf = metricsTo(port);
    let current = SILENT;
    await using service = await startPartsService({ metrics: { emit: (facts) => current.emit(facts) } });
    await service.post(service.page);

    const differences: number[] = [];
    const get = async (metrics: Metrics) => {
      current = metrics;
      const { value, ms } = await timed(() => service.get(service.page));
      expect(value.code).toBe('OK');
      return ms;
    };
    await get(emf);
    for (let pair = 0; pair < PAIRS; pair += 1) {
      // Each of the two comes first equally often.
      const isFirst = pair % 2 === 0;
      const early = await get(isFirst ? emf : SILENT);
      const late = await get(isFirst ? SILENT : emf);
      differences.push(isFirst ? early - late : late - early);
    }
    const cost = differences.sort((a, b) => a - b)[PAIRS / 2] ?? Number.NaN;
    report({ inputs: PAIRS, said: `a receiver of metrics that ${what}: ${cost.toFixed(2)} ms a call` });
    expect(cost).toBeLessThan(COST_MAX_MS);
    if (what !== 'refuses') await close(socket);
  });
});
