//! Where the log comes from: a file, standard input, or this machine's journal.

use super::Args;
use crate::failure::Failure;
use ringfence_diagnose::{Case, Entry, read_log};
use ringfence_sandbox::decide::Credentials;
use ringfence_unit::{Manager, Unit};
use std::io::Read;
use std::process::Command;

/// The log that `--journal` names; none without the option.
pub fn given(args: &Args) -> Result<Option<Vec<Entry>>, Failure> {
    let Some(path) = &args.journal else { return Ok(None) };
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        bytes
    } else {
        std::fs::read(path).map_err(|e| Failure::input(format!("cannot read {}: {e}", path.display())))?
    };
    Ok(Some(read_log(&bytes)))
}

/// What an entry must have; everything else is left in the journal.
const FIELDS: &str = "--output-fields=MESSAGE,UNIT,USER_UNIT,_SYSTEMD_UNIT,_PID";

/// What this machine's journal says about the unit's last start, and what the kernel said since.
pub fn of_unit(case: &Case<'_>) -> Result<Vec<Entry>, Failure> {
    let since = last_start(case.unit).map(|time| format!("--since={time}"));
    entries(case, &since.unwrap_or_else(|| "--boot".to_owned()))
}

/// What the journal has about a unit, its last lines, from where an option of journalctl says on.
pub fn entries(case: &Case<'_>, from: &str) -> Result<Vec<Entry>, Failure> {
    let unit = case.unit.id.as_str();
    // Not --unit: of what systemd's executor says, that leaves out the lines whose process was gone before the journal
    // could look up its unit, which are those that tell why a start failed. Such a line is believed from root and from the
    // service's own user; anybody else could have written it.
    let user = format!("_UID={}", Credentials::of(case.settings, case.facts).uid);
    let of_user = case.settings.manager == Manager::User;
    let (about, by) = match of_user {
        false => (format!("UNIT={unit}"), format!("_SYSTEMD_UNIT={unit}")),
        true => (format!("USER_UNIT={unit}"), format!("_SYSTEMD_USER_UNIT={unit}")),
    };
    let options = [from, "--output=json", FIELDS, "--no-pager", "--quiet", "--lines=2000"];
    let matches = match of_user {
        false => vec![about.as_str(), "_UID=0", "+", &about, &user, "+", &by],
        // Other users may have units of that name.
        true => vec![about.as_str(), &user, "+", &by, &user],
    };
    let mut entries = read_log(&ask("journalctl", &[&options[..], &matches].concat())?);
    // Filters and security modules are told of by the kernel, which knows processes but no units.
    let kernel = ["_TRANSPORT=kernel", "+", "_TRANSPORT=audit"];
    match ask("journalctl", &[&options[..], &kernel].concat()) {
        Ok(output) => entries.extend(read_log(&output)),
        // An ordinary user may read no more than the own journal.
        Err(_) if of_user => {}
        Err(failure) => return Err(failure),
    }
    Ok(entries)
}

/// When the unit was started last. Without a running manager, or before version 248, nobody tells, and the whole boot is
/// read. The journal's own fields for one start are not set on all lines: journald looks them up too late for processes
/// that are gone.
fn last_start(unit: &Unit) -> Option<String> {
    let property = "--property=InactiveExitTimestamp";
    let arguments =
        [whose(unit.manager), "show", "--timestamp=us+utc", property, "--value", unit.id.as_str()];
    let output = ask("systemctl", &arguments).ok()?;
    let time = String::from_utf8(output).ok()?.trim().to_owned();
    // `Sat 2026-11-21 22:54:35.123456 UTC`: the day of the week is in the way of what --since= reads in some versions.
    let time = time.split_once(' ')?.1;
    (!time.is_empty()).then(|| time.to_owned())
}

/// The names of all services that have failed.
pub fn failed_services(manager: Manager) -> Result<Vec<String>, Failure> {
    let arguments = [whose(manager), "list-units", "--failed", "--type=service", "--plain", "--no-legend"];
    let output = ask("systemctl", &arguments)?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// The option that names the manager, for systemctl(1).
fn whose(manager: Manager) -> &'static str {
    match manager {
        Manager::System => "--system",
        Manager::User => "--user",
    }
}

/// What a program of systemd's prints.
pub fn ask(program: &str, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = Command::new(program).args(arguments).output().map_err(|e| {
        Failure::input(format!("cannot run {program}: {e}"))
            .hint("give a saved log with --journal FILE, or - for standard input")
    })?;
    // journalctl ends with 1 when nothing matches.
    if !output.status.success() && !output.stderr.is_empty() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::input(format!("{program} failed: {}", why.trim()))
            .hint("give a saved log with --journal FILE"));
    }
    Ok(output.stdout)
}
