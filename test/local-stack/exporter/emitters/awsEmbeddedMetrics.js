/** aws-embedded-metrics for Node: reads a scenario from standard input, writes documents. */
import { text } from 'node:stream/consumers';
import { createMetricsLogger } from 'aws-embedded-metrics';

const { namespace, records } = JSON.parse(await text(process.stdin));
for (const { operation, metrics } of records) {
  const logger = createMetricsLogger();
  logger.setNamespace(namespace);
  logger.setDimensions({ Operation: operation });
  for (const { name, unit, values } of metrics) {
    // As its users write it who leave the unit out.
    for (const value of values)
      unit === 'None' ? logger.putMetric(name, value) : logger.putMetric(name, value, unit);
  }
  await logger.flush();
}
