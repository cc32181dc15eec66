import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import software.amazon.cloudwatchlogs.emf.logger.MetricsLogger;
import software.amazon.cloudwatchlogs.emf.model.Unit;
import software.amazon.lambda.powertools.metrics.Metrics;
import software.amazon.lambda.powertools.metrics.MetricsFactory;
import software.amazon.lambda.powertools.metrics.model.DimensionSet;
import software.amazon.lambda.powertools.metrics.model.MetricUnit;

/** aws-embedded-metrics and Powertools for Java: reads a scenario from standard input, writes documents. */
public final class Emitter {
    public static void main(String[] args) throws Exception {
        JsonNode scenario = new ObjectMapper().readTree(System.in);
        boolean isPowertools = args[0].equals("powertools");
        for (JsonNode record : scenario.get("records")) {
            if (isPowertools) powertools(scenario.get("namespace").asText(), record);
            else embedded(scenario.get("namespace").asText(), record);
        }
    }

    private static void embedded(String namespace, JsonNode record) throws Exception {
        MetricsLogger logger = new MetricsLogger();
        logger.setNamespace(namespace);
        String operation = record.get("operation").asText();
        logger.setDimensions(
                software.amazon.cloudwatchlogs.emf.model.DimensionSet.of("Operation", operation));
        for (JsonNode metric : record.get("metrics")) {
            String unit = metric.get("unit").asText();
            for (JsonNode value : metric.get("values")) {
                String name = metric.get("name").asText();
                if (unit.equals("None")) logger.putMetric(name, value.asDouble());
                else logger.putMetric(name, value.asDouble(), Unit.fromValue(unit));
            }
        }
        logger.flush();
    }

    private static void powertools(String namespace, JsonNode record) {
        Metrics metrics = MetricsFactory.getMetricsInstance();
        metrics.setNamespace(namespace);
        metrics.setDefaultDimensions(DimensionSet.of("Operation", record.get("operation").asText()));
        for (JsonNode metric : record.get("metrics")) {
            MetricUnit unit = MetricUnit.valueOf(metric.get("unit").asText().toUpperCase());
            for (JsonNode value : metric.get("values")) {
                metrics.addMetric(metric.get("name").asText(), value.asDouble(), unit);
            }
        }
        metrics.flush();
    }
}
