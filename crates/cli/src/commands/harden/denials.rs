//! Denials that the journal tells of, while a service runs with a new drop-in.

use crate::commands::diagnose::{ask, entries};
use crate::context::Context;
use crate::programs::TreeFiles;
use ringfence_diagnose::{Case, diagnose};
use ringfence_host::HostFacts;
use ringfence_settings::Settings;
use ringfence_unit::Unit;
use ringfence_unit::find::Root;
use std::path::Path;

/// A place in the journal.
pub struct Place(Option<String>);

impl Place {
    /// Its end, now. Without a journal there is none, and that is said.
    pub fn now(context: &Context) -> Place {
        let output = match ask("journalctl", &["--lines=0", "--show-cursor", "--quiet"]) {
            Ok(output) => String::from_utf8_lossy(&output).into_owned(),
            Err(_) => String::new(),
        };
        let cursor = output.lines().find_map(|line| line.strip_prefix("-- cursor: ")).map(str::to_owned);
        if cursor.is_none() {
            context.note("there is no journal to read: denials that only a log tells of will not be noticed");
        }
        Place(cursor)
    }

    /// What the log since then says that a line of this drop-in denied; one sentence each.
    pub fn denials(&self, unit: &Unit, drop_in: &Path, context: &Context) -> Vec<String> {
        let Some(cursor) = &self.0 else { return Vec::new() };
        // What the service has just said is to be there; where the journal cannot be asked to hurry, it is late, no more.
        let _ = ask("journalctl", &["--sync"]);
        let Ok(facts) = HostFacts::of_this_machine() else { return Vec::new() };
        let (settings, _) = Settings::from_unit(unit);
        let case = Case {
            unit,
            settings: &settings,
            facts: &facts,
            run: context.main_command(),
            programs: &TreeFiles(&Root::system()),
        };
        let Ok(log) = entries(&case, &format!("--after-cursor={cursor}")) else { return Vec::new() };
        diagnose(&log, Some(&case))
            .into_iter()
            .filter_map(|finding| {
                let origin = finding.origin.filter(|origin| &*origin.file == drop_in)?;
                Some(format!("{origin}: {} (the log: {})", finding.explanation, finding.evidence))
            })
            .collect()
    }
}
