//! The systemd that will read the drop-in: nothing is proposed that it does not know.
//!
//! An unknown directive is ignored with a warning (systemd.unit(5)), so a line that restricts would promise what does not happen, and
//! a line that grants would leave the service without what it needs. The former is left out and said; the latter takes the form that the
//! older version knows.

use crate::{LeftOpen, Level, Line, Options, Proposal, Strength};
use ringfence_sandbox::facts::Facts;
use ringfence_seccomp::Group;
use ringfence_settings::DirectoryKind;
use ringfence_settings::catalogue::{self, Section, Since};
use ringfence_terms::AbsPath;

/// Groups of system calls that came after the first ones, in 231 (NEWS of each version).
static GROUPS: &[(&str, u16)] = &[
    ("@aio", 235),
    ("@chown", 235),
    ("@file-system", 233),
    ("@known", 247),
    ("@memlock", 235),
    ("@pkey", 245),
    ("@reboot", 233),
    ("@sandbox", 254),
    ("@setuid", 235),
    ("@signal", 235),
    ("@swap", 233),
    ("@sync", 235),
    ("@system-service", 239),
    ("@timer", 235),
];

/// Capabilities whose names came with a kernel, and so with the systemd that was built with its headers (NEWS of each version).
static CAPABILITIES: &[(&str, u16)] =
    &[("CAP_AUDIT_READ", 215), ("CAP_BPF", 246), ("CAP_CHECKPOINT_RESTORE", 247), ("CAP_PERFMON", 246)];

/// The level that this version can carry out: without `TemporaryFileSystem=` nothing can be hidden but what is named.
pub fn level(options: &Options) -> Level {
    match options.level {
        Level::Tight if !knows(options.systemd, "TemporaryFileSystem") => Level::Standard,
        level => level,
    }
}

/// Makes a proposal one that this version understands.
pub fn fit(proposal: &mut Proposal, options: &Options, facts: &dyn Facts) {
    let systemd = options.systemd;
    if level(options) != options.level {
        open(proposal, "TemporaryFileSystem", systemd, 238);
    }
    let lines = std::mem::take(&mut proposal.lines);
    for line in lines {
        match fitting(line, systemd, facts) {
            Fit::As(line) if proposal.lines.contains(&line) => {}
            Fit::As(line) => proposal.lines.push(line),
            // What it grants nothing takes away: the lines that would are newer still.
            Fit::Not(line, _) if line.strength == Strength::Grants => {}
            Fit::Not(line, since) => open(proposal, line.directive, systemd, since),
        }
    }
    // Before 231 a read-only tree has no exceptions that could be named by their new names, nor a strict kind (232); what is
    // granted in what is left of it must stay writable.
    if !knows(systemd, "ReadWritePaths") {
        for line in &mut proposal.lines {
            if line.directive == "ReadWritePaths" {
                line.directive = "ReadWriteDirectories";
            }
        }
    }
}

enum Fit {
    As(Line),
    /// It came with this version.
    Not(Line, u16),
}

fn fitting(mut line: Line, systemd: u16, facts: &dyn Facts) -> Fit {
    if line.directive == "ReadWritePaths" {
        return Fit::As(line);
    }
    if let Some(since) = newer(systemd, line.directive) {
        return match directory(line.directive) {
            Some(kind) => as_path(line, kind, facts),
            None => Fit::Not(line, since),
        };
    }
    match line.directive {
        "SystemCallFilter" => calls(line, systemd),
        "CapabilityBoundingSet" | "AmbientCapabilities" => {
            let unknown = |word: &str| {
                CAPABILITIES
                    .iter()
                    .find(|(name, since)| *name == word && *since > systemd)
                    .map(|(_, since)| *since)
            };
            match line.value.split_whitespace().find_map(unknown) {
                Some(since) => Fit::Not(line, since),
                None => Fit::As(line),
            }
        }
        // Every list has at least one member before.
        "RestrictAddressFamilies" if line.value == "none" && systemd < 249 => {
            line.value = "AF_UNIX".to_owned();
            Fit::As(line)
        }
        "ProtectSystem" if line.value == "strict" && systemd < 232 => {
            line.value = "full".to_owned();
            line.why =
                "/usr, /boot and /etc are read-only; a whole read-only tree came with systemd 232".to_owned();
            Fit::As(line)
        }
        _ => value(line, systemd),
    }
}

/// A word that came later than its directive: what it is a stronger form of was there before.
fn value(mut line: Line, systemd: u16) -> Fit {
    let gated = catalogue::find(Section::Service, line.directive)
        .and_then(|directive| directive.value_since.iter().find(|(word, _)| *word == line.value))
        .filter(|(_, since)| *since > systemd);
    if gated.is_some() {
        line.value = "yes".to_owned();
    }
    Fit::As(line)
}

fn calls(mut line: Line, systemd: u16) -> Fit {
    let since = |word: &str| {
        let name = word.trim_start_matches('~');
        let first = if name.starts_with('@') { 231 } else { 0 };
        GROUPS.iter().find(|(group, _)| *group == name).map_or(first, |(_, since)| *since)
    };
    let mut words: Vec<String> = Vec::new();
    for word in line.value.split_whitespace() {
        if since(word) <= systemd {
            words.push(word.to_owned());
            continue;
        }
        if word == "@system-service" || word.starts_with('~') {
            let first = since(word);
            return Fit::Not(line, first);
        }
        // Of a small group that is added, the calls that were used do.
        let used = |name: &str| line.evidence.iter().any(|e| e.0 == format!("{name}() was used"));
        let group = Group::named(word).into_iter().flat_map(|group| group.calls().iter().collect::<Vec<_>>());
        words.extend(group.map(|call| call.name().to_owned()).filter(|name| used(name)));
    }
    line.value = words.join(" ");
    Fit::As(line)
}

/// `StateDirectory=` and its kin as `ReadWritePaths=`. A directory that is not there yet must be made by the service itself, below what
/// all services share.
fn as_path(mut line: Line, kind: DirectoryKind, facts: &dyn Facts) -> Fit {
    let base = kind.system_base();
    let own = format!("{base}/{}", line.value);
    let is_there = AbsPath::parse(&own).is_ok_and(|path| facts.node(&path).is_ok());
    line.directive = "ReadWritePaths";
    line.value = if is_there { own } else { base.to_owned() };
    line.why = format!("{}; its directive came with a newer systemd", line.why);
    Fit::As(line)
}

fn directory(directive: &str) -> Option<DirectoryKind> {
    DirectoryKind::ALL.into_iter().find(|kind| kind.directive() == directive)
}

fn newer(systemd: u16, directive: &str) -> Option<u16> {
    match catalogue::find(Section::Service, directive)?.since {
        Since::Version(first) if first > systemd => Some(first),
        _ => None,
    }
}

fn knows(systemd: u16, directive: &str) -> bool {
    newer(systemd, directive).is_none()
}

fn open(proposal: &mut Proposal, directive: &'static str, systemd: u16, since: u16) {
    let open = LeftOpen {
        directive,
        why: format!("systemd {systemd} does not know it in this form, which came with {since}"),
        evidence: Vec::new(),
    };
    if !proposal.left_open.iter().any(|known| known.directive == directive) {
        proposal.left_open.push(open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_sandbox::facts::fake::FakeFacts;

    /// A line of each kind that any layer proposes.
    fn everything() -> Proposal {
        let mut proposal = Proposal::default();
        for (directive, value) in [
            ("ProtectSystem", "strict"),
            ("ProtectHome", "tmpfs"),
            ("PrivateTmp", "disconnected"),
            ("TemporaryFileSystem", "/:ro"),
            ("MountAPIVFS", "yes"),
            ("PrivatePIDs", "yes"),
            ("ProtectControlGroups", "private"),
            ("PrivateUsers", "identity"),
            ("ProtectProc", "invisible"),
            ("ProcSubset", "pid"),
            ("PrivateIPC", "yes"),
            ("NoNewPrivileges", "yes"),
            ("ProtectHostname", "yes"),
            ("ProtectClock", "yes"),
            ("RestrictNamespaces", "yes"),
            ("RestrictAddressFamilies", "none"),
            ("CapabilityBoundingSet", "CAP_BPF CAP_KILL"),
            ("SystemCallFilter", "@system-service @sandbox"),
            ("SystemCallFilter", "~@privileged"),
            ("SystemCallErrorNumber", "EPERM"),
        ] {
            proposal.restrict(directive, value, "why");
        }
        if let Some(filter) = proposal.lines.iter_mut().find(|line| line.value.ends_with("@sandbox")) {
            filter.evidence.push(crate::Evidence("landlock_restrict_self() was used".to_owned()));
        }
        for (directive, value) in [
            ("StateDirectory", "there"),
            ("StateDirectoryMode", "0750"),
            ("LogsDirectory", "missing"),
            ("RuntimeDirectory", "run"),
            ("ReadWritePaths", "/srv/x"),
            ("BindPaths", "/srv/y"),
            ("BindReadOnlyPaths", "/usr"),
            ("DeviceAllow", "/dev/x rw"),
        ] {
            proposal.grant(directive, value, "why", Vec::new());
        }
        proposal
    }

    fn fitted(systemd: u16) -> Proposal {
        let facts = FakeFacts::new().dir("/var/lib/there");
        let mut proposal = everything();
        fit(&mut proposal, &Options { systemd, ..Options::default() }, &facts);
        proposal
    }

    #[test]
    fn no_version_gets_what_it_does_not_know() {
        for systemd in 183..=260 {
            for line in &fitted(systemd).lines {
                let spelt = if line.directive == "ReadWriteDirectories" {
                    "ReadOnlyDirectories"
                } else {
                    line.directive
                };
                let directive = catalogue::find(Section::Service, spelt).unwrap();
                let renamed = spelt == "ReadOnlyDirectories";
                assert!(renamed || directive.since.is_in(systemd), "{systemd}: {line}");
                let gated = directive.value_since.iter().find(|(word, _)| *word == line.value);
                assert!(gated.is_none_or(|(_, since)| *since <= systemd), "{systemd}: {line}");
                for word in line.value.split_whitespace() {
                    let name = word.trim_start_matches('~');
                    let newer =
                        GROUPS.iter().chain(CAPABILITIES).any(|(n, since)| *n == name && *since > systemd);
                    assert!(!newer, "{systemd}: {line}");
                }
            }
        }
    }

    #[test]
    fn what_is_written_stays_writable_in_every_version() {
        for systemd in 183..=260 {
            let lines = fitted(systemd).lines;
            let granted = |path: &str| {
                lines.iter().any(|line| line.value == path && line.directive.starts_with("ReadWrite"))
                    || lines.iter().any(|line| {
                        Some(line.value.as_str()) == path.rsplit('/').next()
                            && line.directive.ends_with("Directory")
                    })
            };
            assert!(granted("/srv/x"), "{systemd}");
            assert!(granted("/var/lib/there"), "{systemd}");
            assert!(granted("/var/log/missing") || granted("/var/log"), "{systemd}");
        }
    }

    #[test]
    fn the_newest_gets_everything_as_it_was() {
        assert_eq!(fitted(catalogue::VERSION), everything());
    }

    #[test]
    fn a_small_group_that_is_too_new_becomes_its_used_calls() {
        let text = fitted(250).drop_in(false);
        assert!(text.contains("SystemCallFilter=@system-service landlock_restrict_self\n"), "{text}");
        assert!(!fitted(238).drop_in(false).contains("@system-service"));
    }

    #[test]
    fn an_old_version_gets_the_standard_level() {
        let options = |systemd| Options { level: Level::Tight, systemd, ..Options::default() };
        assert_eq!(level(&options(238)), Level::Tight);
        assert_eq!(level(&options(237)), Level::Standard);
    }
}
