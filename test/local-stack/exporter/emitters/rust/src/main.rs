//! metrics_cloudwatch_embedded: reads a scenario from standard input, writes documents.
use metrics::Unit;
use serde_json::Value;

fn main() {
    let scenario: Value = serde_json::from_reader(std::io::stdin()).expect("a scenario");
    let namespace = scenario["namespace"].as_str().expect("a namespace").to_string();
    let collector = metrics_cloudwatch_embedded::Builder::new()
        .cloudwatch_namespace(namespace)
        .init()
        .expect("a collector");
    for record in scenario["records"].as_array().expect("records") {
        let operation = record["operation"].as_str().expect("an operation").to_string();
        for metric in record["metrics"].as_array().expect("metrics") {
            let name = metric["name"].as_str().expect("a name").to_string();
            let unit = metric["unit"].as_str().expect("a unit");
            let labels = [("Operation", operation.clone())];
            for value in metric["values"].as_array().expect("values") {
                if unit == "Count" {
                    metrics::describe_counter!(name.clone(), Unit::Count, "");
                    metrics::counter!(name.clone(), &labels).increment(value.as_u64().expect("a count"));
                    continue;
                }
                match unit {
                    "Milliseconds" => metrics::describe_histogram!(name.clone(), Unit::Milliseconds, ""),
                    "Bytes" => metrics::describe_histogram!(name.clone(), Unit::Bytes, ""),
                    _ => {}
                }
                metrics::histogram!(name.clone(), &labels).record(value.as_f64().expect("a number"));
            }
        }
        collector.flush(std::io::stdout()).expect("written");
    }
}
