"""Powertools for Python: reads a scenario from standard input, writes documents."""
import json
import sys

from aws_lambda_powertools.metrics import Metrics, MetricUnit

scenario = json.load(sys.stdin)
units = {unit.value: unit for unit in MetricUnit}
for record in scenario["records"]:
    metrics = Metrics(namespace=scenario["namespace"], service="shop")
    metrics.add_dimension(name="Operation", value=record["operation"])
    for metric in record["metrics"]:
        # It has no member for a metric without unit, and takes the text.
        for value in metric["values"]:
            metrics.add_metric(name=metric["name"], unit=units.get(metric["unit"], metric["unit"]), value=value)
    metrics.flush_metrics()
