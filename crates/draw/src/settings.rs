//! Settings with the lines that they come from.

use crate::files::Files;
use crate::layout::{WIDTH, cut, pad};
use anstyle::Style;
use ringfence_settings::Settings;
use std::fmt::Write;

/// Everything that a line decides, itself or by implication.
pub fn list(settings: &Settings, files: &Files) -> String {
    let dim = Style::new().dimmed();
    let mut out = String::new();
    for setting in settings.explicit() {
        let Some(origin) = &setting.origin else { continue };
        let place = if setting.is_implied() {
            format!("{} by {}=", files.place(origin), origin.directive)
        } else {
            files.place(origin)
        };
        let left = WIDTH.saturating_sub(place.chars().count() + 3);
        let text = cut(&format!("{}={}", setting.directive.name, setting.value), left);
        let _ = writeln!(out, "{} {dim}{place}{dim:#}", pad(&text, left));
    }
    out
}
