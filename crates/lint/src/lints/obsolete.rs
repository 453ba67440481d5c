//! Directives and values that systemd has given up.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::{Origin, Severity};

pub(crate) static OBSOLETE: Lint = Lint {
    code: "RF011",
    name: "obsolete",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A directive or value that systemd has removed or replaced: `PermissionsStartOnly=`, `StandardOutput=syslog`, \
               `CPUShares=`, `MemoryLimit=`, `KillMode=none`, a path below `/var/run`.",
        why: "Some of these are ignored, some are turned into something else with a line in the log. The limits on \
              control groups of version 1 do nothing on a machine that has version 2, which is every current one: \
              `MemoryLimit=` and `CPUShares=` are read as `MemoryMax=` and `CPUWeight=` by some versions of systemd only.",
        example: "[Service]\nStandardOutput=syslog\nPermissionsStartOnly=yes\nPIDFile=/var/run/app.pid\n",
        instead: "[Service]\nStandardOutput=journal\nPIDFile=/run/app.pid\n",
        reference: "systemd's NEWS; systemd: src/core/load-fragment.c, config_parse_warn_compat()",
    },
    shown_by: &[],
    check,
};

/// A directive that is replaced: its successor where the value can stay as it is, and what to know.
const DIRECTIVES: &[(&str, Option<&str>, &str)] = &[
    ("PermissionsStartOnly", None, "it is superseded by `+` before the commands that need root's rights"),
    ("Capabilities", None, "systemd ignores it; AmbientCapabilities= and CapabilityBoundingSet= are what is left"),
    ("SysVStartPriority", None, "systemd ignores it"),
    ("BusPolicy", None, "systemd ignores it"),
    ("NetClass", None, "systemd ignores it"),
    ("IgnoreOnSnapshot", None, "systemd ignores it"),
    ("MemoryLimit", Some("MemoryMax"), "it is for control groups of version 1"),
    ("CPUShares", None, "it is for control groups of version 1; CPUWeight= takes its place, from 1 to 10000"),
    ("StartupCPUShares", None, "it is for control groups of version 1; StartupCPUWeight= takes its place"),
    ("BlockIOAccounting", Some("IOAccounting"), "it is for control groups of version 1"),
    ("BlockIOWeight", None, "it is for control groups of version 1; IOWeight= takes its place, from 1 to 10000"),
    ("StartupBlockIOWeight", None, "it is for control groups of version 1; StartupIOWeight= takes its place"),
    ("BlockIODeviceWeight", None, "it is for control groups of version 1; IODeviceWeight= takes its place"),
    ("BlockIOReadBandwidth", Some("IOReadBandwidthMax"), "it is for control groups of version 1"),
    ("BlockIOWriteBandwidth", Some("IOWriteBandwidthMax"), "it is for control groups of version 1"),
];

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.in_effect() {
        let origin = &assignment.origin;
        if let Some((name, successor, why)) = DIRECTIVES.iter().find(|(name, ..)| *name == directive.name) {
            let found = report.add(subject.directive(origin), format!("{name}= is obsolete: {why}"));
            if let Some(successor) = successor {
                let edits = vec![Edit::directive(origin, successor)];
                found.fix(Trust::Suggested, format!("write `{successor}=`"), edits);
            }
            continue;
        }
        match directive.name {
            "StandardOutput" | "StandardError" => syslog(subject, report, origin),
            "KillMode" if *origin.value == *"none" => {
                let message = "KillMode=none is obsolete and unsafe: processes are left behind when the service stops";
                report.add(subject.whole(origin), message).help("use `mixed`, or better the default");
            }
            "PIDFile" | "ReadWritePaths" | "ReadOnlyPaths" => var_run(subject, report, origin),
            _ => {}
        }
    }
}

/// `syslog` and `syslog+console` are read as the journal's words (systemd: `exec_output_from_string`).
fn syslog(subject: &Subject<'_>, report: &mut Report, origin: &Origin) {
    let Some(rest) = origin.value.strip_prefix("syslog").filter(|rest| ["", "+console"].contains(rest)) else {
        return;
    };
    let value = format!("journal{rest}");
    let message = format!("`{}` is obsolete, and is read as `{value}`", origin.value);
    let edits = vec![Edit::value(origin, value.clone())];
    report.add(subject.whole(origin), message).fix(Trust::Safe, format!("write `{value}`"), edits);
}

/// `/var/run` is a symlink to `/run`.
fn var_run(subject: &Subject<'_>, report: &mut Report, origin: &Origin) {
    let at_start = |at: usize| at == 0 || origin.value[..at].ends_with([' ', '-', '+']);
    let Some((at, text)) = origin.value.match_indices("/var/run/").find(|(at, _)| at_start(*at)) else { return };
    let value = origin.value.replace("/var/run/", "/run/");
    report
        .add(subject.range(origin, at..at + text.len() - 1), "/var/run is the old name of /run")
        .fix(Trust::Safe, format!("write `{}={value}`", origin.directive), vec![Edit::value(origin, value)]);
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn what_has_a_successor_gets_it() {
        assert!(fixed("StandardError=syslog+console").contains("\nStandardError=journal+console\n"));
        assert!(fixed("PIDFile=/var/run/a.pid").contains("\nPIDFile=/run/a.pid\n"));
        assert!(fixed("MemoryLimit=1G").contains("\nMemoryMax=1G\n"));
    }

    #[test]
    fn what_is_current_is_silent() {
        assert_eq!(found_by("RF011", "StandardOutput=journal; KillMode=mixed; SyslogIdentifier=syslog"), [""; 0]);
    }
}
