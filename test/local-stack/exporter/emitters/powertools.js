/** Powertools for TypeScript: reads a scenario from standard input, writes documents. */
import { text } from 'node:stream/consumers';
import { Metrics } from '@aws-lambda-powertools/metrics';

const { namespace, records } = JSON.parse(await text(process.stdin));
for (const { operation, metrics } of records) {
  const logger = new Metrics({ namespace, serviceName: 'shop' });
  logger.addDimension('Operation', operation);
  for (const { name, unit, values } of metrics) {
    for (const value of values) logger.addMetric(name, unit, value);
  }
  logger.publishStoredMetrics();
}
