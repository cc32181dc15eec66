/** The parts put together: receivers → intake → series → `/metrics`. */
import type { Readable } from 'node:stream';
import { exposition, type Naming } from './exposition.ts';
import { serveMetrics } from './httpServer.ts';
import { createIntake } from './intake.ts';
import type { Options } from './options.ts';
import { precreate } from './precreate.ts';
import { receiveStream, receiveTcp, receiveUdp } from './receivers.ts';
import { createSelfMetrics } from './selfMetrics.ts';
import { createSeriesStore } from './seriesStore.ts';
import { readUdpDrops } from './udpDrops.ts';

export interface Surroundings {
  /** Standard input. */
  readonly input: Readable;
  readonly log: (line: string) => void;
  readonly now: () => Date;
  /** Told of what ends the exporter: a receiver that stood and broke. */
  readonly onFault: (error: Error) => void;
}

export interface Exporter {
  /** Resolves when standard input ended; at once when it is not read. */
  readonly inputEnded: Promise<void>;
  /** Where it listens, for people. */
  readonly places: readonly string[];
  metrics(naming?: Naming): AsyncIterable<string>;
  close(): Promise<void>;
}

/** Rejects with one sentence when a port or the `--precreate` file cannot be used; nothing is left open then. */
export async function startExporter(options: Options, surroundings: Surroundings): Promise<Exporter> {
  const { input, log, now, onFault } = surroundings;
  const { host, maxLineBytes, maxConnections } = options;
  const self = createSelfMetrics({ log, now });
  const reservedNames = options.showsSelf ? self.names() : new Set<string>();
  const store = createSeriesStore({ ...options, reservedNames }, self);
  const intake = createIntake(store, self, maxLineBytes);
  if (options.precreate !== undefined) await precreate(options.precreate, store);

  const metrics = async function* (naming?: Naming) {
    yield* exposition(store.metrics(), naming);
    if (options.showsSelf) yield await self.text();
  };

  /** Also where a later part cannot stand. */
  const parts: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part.close();
  };
  const places: string[] = [];
  const stands = (what: string, receiver: { port: number; close(): Promise<void> }, path = '') => {
    parts.push(receiver);
    places.push(`${what}://${host.includes(':') ? `[${host}]` : host}:${receiver.port}${path}`);
  };
  const listening = { host, maxLineBytes, intake, onFault };
  const sources = {
    series: store.size,
    maxSeries: options.maxSeries,
    metricSeries: store.largest,
    maxMetricSeries: options.maxSeriesPerMetric,
    labelCharacters: store.labelCharacters,
    maxLabelCharacters: store.maxLabelCharacters,
  };
  self.watch(sources);
  const listen = async () => {
    if (options.udpPort !== null) {
      const udp = await receiveUdp({ ...listening, port: options.udpPort });
      stands('udp', udp);
      self.watch({ ...sources, udpDrops: () => readUdpDrops(udp.port), udpBufferBytes: udp.bufferBytes });
    }
    const clock = () => performance.now();
    if (options.tcpPort !== null) {
      const tcp = { ...listening, port: options.tcpPort, maxConnections, tally: self, clock };
      stands('tcp', await receiveTcp(tcp));
    }
    stands(
      'http',
      await serveMetrics({
        host,
        port: options.httpPort,
        pieces: metrics,
        onFault,
        clock,
        allowHosts: options.allowHosts,
        onEvicted: () => self.httpConnectionEvicted(),
      }),
      '/metrics',
    );
  };
  if (!options.prints) {
    await listen().catch(async (error: unknown) => {
      await close();
      throw error;
    });
  }
  const inputEnded = options.readsStdin ? receiveStream(input, maxLineBytes, intake) : Promise.resolve();
  return { inputEnded, places, metrics, close };
}
