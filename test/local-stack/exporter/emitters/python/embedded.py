"""aws-embedded-metrics for Python: reads a scenario from standard input, writes documents."""
import asyncio
import json
import sys

from aws_embedded_metrics.config import get_config

get_config().environment = "local"
from aws_embedded_metrics.logger.metrics_logger_factory import create_metrics_logger  # noqa: E402


async def main():
    scenario = json.load(sys.stdin)
    for record in scenario["records"]:
        logger = create_metrics_logger()
        logger.set_namespace(scenario["namespace"])
        logger.set_dimensions({"Operation": record["operation"]})
        for metric in record["metrics"]:
            for value in metric["values"]:
                if metric["unit"] == "None":
                    logger.put_metric(metric["name"], value)
                else:
                    logger.put_metric(metric["name"], value, metric["unit"])
        await logger.flush()


asyncio.run(main())
