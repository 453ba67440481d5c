//! Scores in the Prometheus text format, for a node exporter's textfile directory.

use ringfence_exposure::Score;
use std::fmt::Write;

pub fn metrics(scores: &[Score]) -> String {
    let mut out = String::new();
    head(
        &mut out,
        "ringfence_unit_exposure",
        "Overall exposure of a unit, 0 to 10, as systemd-analyze security computes it.",
    );
    for score in scores {
        line(
            &mut out,
            "ringfence_unit_exposure",
            &[("unit", score.unit.as_str())],
            &score.overall.to_string(),
        );
    }
    head(
        &mut out,
        "ringfence_unit_check_exposure",
        "What one open check adds to the overall exposure of a unit.",
    );
    for score in scores {
        for one in &score.assessments {
            if let Some(exposure) = one.exposure {
                let labels = [("unit", score.unit.as_str()), ("check", one.check.id)];
                line(&mut out, "ringfence_unit_check_exposure", &labels, &exposure.to_string());
            }
        }
    }
    out
}

fn head(out: &mut String, name: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
}

fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: &str) {
    let labels: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
    let _ = writeln!(out, "{name}{{{}}} {value}", labels.join(","));
}

fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
