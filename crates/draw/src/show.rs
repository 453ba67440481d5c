//! `ringfence show`: the whole page.

use crate::files::Files;
use crate::layout::{WIDTH, wrap};
use crate::{mounts, settings, tree, words};
use anstyle::{AnsiColor, Style};
use ringfence_sandbox::plan::Plan;
use ringfence_sandbox::view::View;
use ringfence_settings::Settings;
use ringfence_unit::Unit;
use std::fmt::Write;

/// What a page shows.
pub struct Page<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Its settings.
    pub settings: &'a Settings,
    /// What its main command sees.
    pub view: View<'a>,
}

/// The page for people: the tree, what has no effect, what is not enforced, the settings.
pub fn page(page: &Page<'_>) -> String {
    let files = Files::of(page.unit);
    let bold = Style::new().bold();
    let mut out = format!("{bold}{}{bold:#}", page.unit.id);
    if let Some(description) = &page.settings.unit_section.description.value {
        let _ = write!(out, "  {description}");
    }
    out.push('\n');
    for file in files.heading() {
        let _ = writeln!(out, "  {file}");
    }
    out.push('\n');
    refusals(&mut out, page.settings);
    let plan = page.view.plan();
    failure(&mut out, plan, &files);
    if plan.reasons.is_empty() {
        out.push_str("The service sees the file system as the host does: no line restricts its view.\n");
    } else {
        out.push_str(&tree::draw(&page.view.edges(), &files));
    }
    without_effect(&mut out, plan, &files);
    not_enforced(&mut out, page.settings, &files);
    let settings = settings::list(page.settings, &files);
    if !settings.is_empty() {
        heading(&mut out, "Settings");
        out.push_str(&settings);
    }
    out
}

/// `show --mounts`: the flat list.
pub fn mount_list(page: &Page<'_>) -> String {
    mounts::list(page.view.plan(), &Files::of(page.unit))
}

fn heading(out: &mut String, text: &str) {
    let bold = Style::new().bold();
    let _ = writeln!(out, "\n{bold}{text}{bold:#}");
}

fn refusals(out: &mut String, settings: &Settings) {
    let red = AnsiColor::Red.on_default().bold();
    for bad in &settings.refused {
        let _ = writeln!(out, "{red}systemd refuses this unit{red:#}: {}", bad.why);
    }
}

fn failure(out: &mut String, plan: &Plan, files: &Files) {
    let Some(failure) = &plan.failure else { return };
    let red = AnsiColor::Red.on_default().bold();
    let _ = writeln!(out, "{red}The service will not start{red:#}: exit status {}", failure.status);
    for line in wrap(&failure.why, WIDTH - 2) {
        let _ = writeln!(out, "  {line}");
    }
    if let Some(origin) = &failure.origin {
        let _ = writeln!(out, "  {}={} {}", origin.directive, origin.value, files.place(origin));
    }
    out.push('\n');
}

/// Lines, or parts of them, that another line makes void; what is redundant does no harm and is left out.
fn without_effect(out: &mut String, plan: &Plan, files: &Files) {
    use ringfence_sandbox::plan::DropReason;
    let mut lines = Vec::new();
    for dropped in &plan.dropped {
        let harmless = dropped.left_flags || matches!(dropped.why, DropReason::Redundant { .. });
        let (Some(origin), false) = (&dropped.origin, harmless) else { continue };
        let why = words::drop_reason(&dropped.why);
        let text = format!("{}={} {}: {why}", origin.directive, dropped.path, files.place(origin));
        if !origin_is_root_setting(&origin.directive) && !lines.contains(&text) {
            lines.push(text);
        }
    }
    if !lines.is_empty() {
        heading(out, "Without effect");
        for text in lines {
            indented(out, &text);
        }
    }
}

/// Settings that add many entries of their own lose some of them to every other line; only a line that names a path says
/// something that its author would miss.
fn origin_is_root_setting(directive: &str) -> bool {
    !directive.ends_with("Paths") && !directive.ends_with("Directory") && directive != "TemporaryFileSystem"
}

fn not_enforced(out: &mut String, settings: &Settings, files: &Files) {
    if settings.not_enforced.is_empty() {
        return;
    }
    heading(out, "Not enforced by ringfence run");
    for one in &settings.not_enforced {
        let origin = &one.origin;
        indented(out, &format!("{}={} {}: {}", origin.directive, origin.value, files.place(origin), one.why));
    }
}

fn indented(out: &mut String, text: &str) {
    for (n, line) in wrap(text, WIDTH - 4).into_iter().enumerate() {
        let _ = writeln!(out, "{}{line}", if n == 0 { "  " } else { "    " });
    }
}
