/** What one invocation tells the operators, in CloudWatch's Embedded Metric Format. No URL is ever a label. */
import { Configuration, createMetricsLogger, Unit } from 'aws-embedded-metrics';
import type { InvocationFacts, Metrics } from './ports.ts';

interface Series {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number | undefined;
}

const NAMESPACE = 'ImageApi';

/** On Lambda to standard output; elsewhere where `AWS_EMF_ENVIRONMENT` and `AWS_EMF_AGENT_ENDPOINT` say. */
export function createEmfMetrics(): Metrics {
  // The library's own default is TCP, where a receiver that goes away ends the process.
  Configuration.agentEndpoint ??= 'udp://127.0.0.1:25888';
  return {
    async emit(facts) {
      try {
        for (const { dimensions, series } of documentsOf(facts)) await send(dimensions, series);
      } catch (cause) {
        // A measurement that is lost must never cost the caller an answer.
        console.error(
          JSON.stringify({ level: 'warn', message: 'metrics were not sent', cause: String(cause) }),
        );
      }
    },
  };
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

async function send(dimensions: Record<string, string>, series: readonly Series[]): Promise<void> {
  const known = series.filter(({ value }) => value !== undefined);
  if (known.length === 0) return;
  const logger = createMetricsLogger();
  logger.setNamespace(NAMESPACE);
  logger.setDimensions(dimensions);
  for (const { name, unit, value } of known) logger.putMetric(name, value ?? 0, unit);
  await logger.flush();
}
