"""The AWS distribution of OpenTelemetry for Python: reads a scenario from standard input, writes documents."""
import json
import sys

from amazon.opentelemetry.distro.exporter.aws.metrics.console_emf_exporter import ConsoleEmfExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

scenario = json.load(sys.stdin)
reader = PeriodicExportingMetricReader(ConsoleEmfExporter(namespace=scenario["namespace"]), export_interval_millis=3_600_000)
provider = MeterProvider(metric_readers=[reader])
meter = provider.get_meter("shop")
UCUM = {"Milliseconds": "ms", "Bytes": "By", "None": "1", "Count": "Count"}
instruments = {}


def record_one(metric, attributes):
    name, unit = metric["name"], metric["unit"]
    is_counter = unit in ("Count", "None")
    if name not in instruments:
        create = meter.create_counter if is_counter else meter.create_histogram
        instruments[name] = create(name, unit=UCUM[unit])
    for value in metric["values"]:
        if is_counter:
            instruments[name].add(value, attributes)
        else:
            instruments[name].record(value, attributes)


for record in scenario["records"]:
    for metric in record["metrics"]:
        record_one(metric, {"Operation": record["operation"]})
    provider.force_flush()
# Its thread would wait for the next export.
sys.stdout.flush()
provider.shutdown()
