//! Lines of `[Service]`, and the settings that they make.

use crate::from_text::unit;
use ringfence_settings::Settings;
use ringfence_terms::Complaint;

/// The settings of `x.service` with these lines in `[Service]`, after `ExecStart=/bin/true`.
pub fn service(lines: &str) -> (Settings, Vec<Complaint>) {
    Settings::from_unit(&unit("x.service", &[&format!("[Service]\nExecStart=/bin/true\n{lines}")]))
}

/// As [`service`], where there is nothing to complain about.
#[track_caller]
pub fn clean(lines: &str) -> Settings {
    let (settings, complaints) = service(lines);
    assert_eq!(complaints, [], "{lines}");
    settings
}
