/** What one invocation tells the operators, in CloudWatch's Embedded Metric Format. No URL is ever a label. */
import { createMetricsLogger, MetricsLogger, Unit } from 'aws-embedded-metrics';
import { LogSerializer } from 'aws-embedded-metrics/lib/serializers/LogSerializer.js';
import type { InvocationFacts, Metrics } from '../domain/ports.ts';
import { createDatagramSender, type Receiver } from './datagramSender.ts';

interface Series {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number | undefined;
}

const NAMESPACE = 'ImageApi';

/**
 * @param receiver takes documents as datagrams, as the exporter does; log group and stream, which only CloudWatch's own
 * agent asks for, are not among what it is sent. Absent: the log, as on Lambda
 */
export function createEmfMetrics(receiver?: Receiver): Metrics {
  const createLogger = receiver === undefined ? createMetricsLogger : createLoggerTo(receiver);
  return {
    async emit(facts) {
      try {
        for (const { dimensions, series } of documentsOf(facts)) {
          await send(createLogger(), dimensions, series);
        }
      } catch (cause) {
        // A measurement that is lost must never cost the caller an answer.
        console.error(
          JSON.stringify({ level: 'warn', message: 'metrics were not sent', cause: String(cause) }),
        );
      }
    },
  };
}

/**
 * The library's own agent opens a socket and resolves the receiver's name for every document. When the receiver is gone
 * and its name resolves slowly or not at all, those look-ups delay every other one of the process.
 */
function createLoggerTo(receiver: Receiver): () => MetricsLogger {
  const serializer = new LogSerializer();
  const datagrams = createDatagramSender(receiver);
  const sink = {
    name: 'Datagrams',
    accept: async (context: Parameters<LogSerializer['serialize']>[0]) => {
      for (const document of serializer.serialize(context)) datagrams.send(`${document}\n`);
    },
  };
  const environment = {
    probe: async () => true,
    getName: () => NAMESPACE,
    getType: () => 'Agent',
    getLogGroupName: () => '',
    configureContext: () => {},
    getSink: () => sink,
  };
  return () => new MetricsLogger(async () => environment);
}

/** One document per set of dimensions, so that no value counts twice. */
function documentsOf({ operation, outcome, durationMs, measures }: InvocationFacts) {
  const Operation = operation;
  const count = (name: string, value: number | undefined): Series => ({ name, unit: Unit.Count, value });
  const time = (name: string, value: number | undefined): Series => ({
    name,
    unit: Unit.Milliseconds,
    value,
  });
  return [
    {
      dimensions: { Operation, Outcome: outcome },
      series: [count('Requests', 1), time('Duration', durationMs)],
    },
    {
      dimensions: { Operation },
      series: [
        time('PageFetchTime', measures.pageFetchMs),
        time('StorageTime', measures.storageMs),
        count('ImagesDiscovered', measures.discovered),
        count('ImagesStored', measures.stored),
        count('ImagesUnchanged', measures.unchanged),
        { name: 'BytesDownloaded', unit: Unit.Bytes, value: measures.bytesDownloaded },
        count('CacheHits', measures.cacheHits),
        count('CacheMisses', measures.cacheMisses),
      ],
    },
    ...Object.entries(measures.skippedByCode ?? {}).map(([Code, value]) => ({
      dimensions: { Operation, Code },
      series: [count('ImagesSkipped', value)],
    })),
  ];
}

async function send(
  logger: MetricsLogger,
  dimensions: Record<string, string>,
  series: readonly Series[],
): Promise<void> {
  const known = series.filter(({ value }) => value !== undefined);
  if (known.length === 0) return;
  logger.setNamespace(NAMESPACE);
  logger.setDimensions(dimensions);
  for (const { name, unit, value } of known) logger.putMetric(name, value ?? 0, unit);
  await logger.flush();
}
