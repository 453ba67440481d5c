//! `profile diff`: what one profile has that another has not.

use super::show::shown;
use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use crate::output;
use anstyle::AnsiColor;
use ringfence_profile::{BlindSpot, Difference, Privilege, Profile, Recording};
use ringfence_terms::Errno;
use serde::Serialize;
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Prints what `new` has that `old` has not, and the other way round.
pub fn run(old: &Profile, new: &Profile, context: &Context) -> Result<(), Failure> {
    let (added, gone) = (new.beyond(old), old.beyond(new));
    match context.format {
        Format::Json => output::json(&Json { version: 1, added: changes(&added), gone: changes(&gone) }),
        _ => output::text(
            &(text(&added, &gone) + &unsampled(old, &added, "old") + &unsampled(new, &gone, "new")),
        ),
    }
}

#[derive(Serialize)]
struct Json {
    version: u32,
    added: Vec<Change>,
    gone: Vec<Change>,
}

/// A path with operations, or a privilege in words.
#[derive(Serialize)]
struct Change {
    path: Option<String>,
    operations: Vec<&'static str>,
    privilege: Option<String>,
    errno: Option<String>,
    by: Vec<String>,
}

fn changes(difference: &Difference<'_>) -> Vec<Change> {
    let errno = |errno: Option<Errno>| errno.map(|e| e.to_string());
    let mut changes = Vec::new();
    for ((path, result), programs) in &difference.files {
        for (program, operations) in programs {
            changes.push(Change {
                path: Some(ringfence_profile::name_text(path.as_os_str()).into_owned()),
                operations: operations.iter().map(|o| o.word()).collect(),
                privilege: None,
                errno: errno(*result),
                by: vec![program.to_string()],
            });
        }
    }
    for ((privilege, result), programs) in &difference.privileges {
        changes.push(Change {
            path: None,
            operations: Vec::new(),
            privilege: Some(privilege.to_string()),
            errno: errno(*result),
            by: programs.iter().map(|p| p.to_string()).collect(),
        });
    }
    changes
}

/// A note, if calls that a profile lacks may have been made all the same; `difference` is what the other one has more.
fn unsampled(lacking: &Profile, difference: &Difference<'_>, which: &str) -> String {
    let sampled =
        |(_, recording): (_, &Recording)| recording.blind_spots.contains(&BlindSpot::SyscallsSampled);
    let is_call =
        |(privilege, _): &(&Privilege, Option<Errno>)| matches!(privilege, Privilege::Syscall { .. });
    match lacking.recordings().any(sampled) && difference.privileges.keys().any(is_call) {
        true => format!(
            "note: the {which} profile may lack system calls that were made: {}\n",
            BlindSpot::SyscallsSampled.sentence()
        ),
        false => String::new(),
    }
}

fn text(added: &Difference<'_>, gone: &Difference<'_>) -> String {
    let mut text = String::new();
    for (sign, colour, difference) in [('+', AnsiColor::Green, added), ('-', AnsiColor::Red, gone)] {
        let style = colour.on_default();
        let mut line = |what: String, errno: Option<Errno>, by: String| {
            let (what, by) = (shown(OsStr::new(&what)), shown(OsStr::new(&by)));
            let errno = errno.map(|e| format!(" = {e}")).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{style}{sign}{style:#} {what}{errno}  ({by})");
        };
        for ((path, errno), programs) in &difference.files {
            for (program, operations) in programs {
                line(format!("{}  {operations}", shown(path.as_os_str())), *errno, program.to_string());
            }
        }
        for ((privilege, errno), programs) in &difference.privileges {
            let by: Vec<String> = programs.iter().map(|p| p.to_string()).collect();
            line(privilege.to_string(), *errno, by.join(", "));
        }
    }
    text
}
