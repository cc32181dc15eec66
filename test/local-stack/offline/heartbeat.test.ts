import { createSocket } from 'node:dgram';
import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startHeartbeat } from '../../../local-stack/offline/heartbeat.ts';
import { ROOT } from '../../support/startApp.ts';
import { createWorld } from '../exporter/world.ts';

const kinds = { counters: [], gauges: ['ImageApi/ResidentMemory'], histograms: [] };

describe('the heartbeat', () => {
  it('is a document at once and one every interval, which the exporter counts', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const stop = startHeartbeat({ hostname: '127.0.0.1', port: receiver.address().port }, 5);
    const { feed, values, counts } = createWorld({ kinds });
    let beats = 0;
    for await (const [datagram] of on(receiver, 'message')) {
      feed(String(datagram).trim());
      beats += 1;
      if (beats === 4) break;
    }
    stop();
    await new Promise<void>((resolve) => receiver.close(() => resolve()));
    expect(counts).toEqual({ documents: 4, samples: 16 });
    const seen = values();
    expect(seen.image_api_heartbeats_total).toBe(4);
    expect(seen.image_api_resident_memory_bytes).toBeGreaterThan(1_000_000);
    expect(seen.image_api_cpu_time_seconds_count).toBe(4);
    expect(seen.image_api_event_loop_delay_seconds_count).toBe(4);
  });

  it('has no delay of its own: an idle process is told to have less than the time between two looks', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const stop = startHeartbeat({ hostname: '127.0.0.1', port: receiver.address().port }, 50);
    const delays: number[] = [];
    for await (const [datagram] of on(receiver, 'message')) {
      delays.push((JSON.parse(String(datagram)) as { readonly EventLoopDelay: number }).EventLoopDelay);
      // The first is of a moment ago; a busy machine has to be idle once.
      if (delays.length > 100 || (delays.length > 1 && (delays.at(-1) ?? 10) < 10)) break;
    }
    stop();
    await new Promise<void>((resolve) => receiver.close(() => resolve()));
    expect(delays.at(-1)).toBeLessThan(10);
    expect(delays.at(-1)).toBeGreaterThanOrEqual(0);
  });

  it('is none where metrics go to the log, as on Lambda', () => {
    startHeartbeat(undefined)();
  });

  it('outlives a receiver that is not there, and one whose name nobody knows', async () => {
    for (const hostname of ['127.0.0.1', 'no-such-host.invalid']) startHeartbeat({ hostname, port: 9 }, 1)();
    const stop = startHeartbeat({ hostname: '127.0.0.1', port: 9 }, 1);
    await new Promise((resolve) => setImmediate(resolve));
    stop();
  });

  it('asks for a name once while nobody answers, and not at once again when nobody knows it', async () => {
    const asked: ((error: Error | null) => void)[] = [];
    const socket = createSocket('udp4');
    const send = (_text: string, _port: number, _host: string, callback: (error: Error | null) => void) =>
      asked.push(callback);
    const stop = startHeartbeat({ hostname: 'silent', port: 9 }, 1, () => Object.assign(socket, { send }));
    const turns = async () => {
      for (const end = performance.now() + 25; performance.now() < end; ) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await turns();
    expect(asked).toHaveLength(1);
    asked[0]?.(null);
    await turns();
    expect(asked).toHaveLength(2);
    asked[1]?.(new Error('ENOTFOUND'));
    await turns();
    expect(asked).toHaveLength(2);
    stop();
  });

  it('is among what the exporter of the stack shows from the start, and shows memory as a gauge', () => {
    const series = readFileSync(join(ROOT, 'local-stack/exporter/series.json'), 'utf8');
    for (const name of ['Heartbeats', 'CpuTime', 'EventLoopDelay']) expect(series).toContain(`"${name}"`);
    expect(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')).toContain('ImageApi/ResidentMemory');
  });
});
