//! A system call, or a group, that does not exist.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_seccomp::{Group, Syscall};
use ringfence_settings::catalogue::VERSION;
use ringfence_terms::Severity;

pub(crate) static UNKNOWN_SYSTEM_CALL: Lint = Lint {
    code: "RF009",
    name: "unknown-system-call",
    severity: Severity::Warning,
    versions: Versions { first: 0, last: Some(VERSION) },
    docs: Docs {
        what: "A name in `SystemCallFilter=` or `SystemCallLog=` that is neither a system call nor a group of them.",
        why: "systemd warns and ignores the word. In a list of denied calls that leaves open what was to be closed; in a \
              list of allowed ones the service is killed when it makes the call that was meant.",
        example: "[Service]\nSystemCallFilter=~@clok ptrce\n",
        instead: "[Service]\nSystemCallFilter=~@clock ptrace\nSystemCallArchitectures=native\n",
        reference: "systemd.exec(5), \"System Call Filtering\"; `systemd-analyze syscall-filter` lists the groups",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.in_effect() {
        if !matches!(directive.name, "SystemCallFilter" | "SystemCallLog") {
            continue;
        }
        let origin = &assignment.origin;
        let lead = usize::from(origin.value.starts_with('~'));
        for range in raw::words(&origin.value[lead..]) {
            let word = &origin.value[range.start + lead..range.end + lead];
            let name = word.split_once(':').map_or(word, |(name, _)| name);
            let known =
                if name.starts_with('@') { Group::named(name).is_some() } else { Syscall::named(name).is_some() };
            if known || name.contains(['"', '\'', '\\']) {
                continue;
            }
            let kind = if name.starts_with('@') { "group of system calls" } else { "system call" };
            let effect = match (directive.name, lead) {
                ("SystemCallLog", _) => "so systemd ignores the word",
                (_, 0) => "so systemd ignores the word, and allows nothing by it",
                _ => "so systemd ignores the word, and denies nothing by it",
            };
            let start = range.start + lead;
            let place = start..start + name.len();
            let found = report.add(subject.range(origin, place.clone()), format!("there is no {kind} `{name}`, {effect}"));
            if let Some(meant) = nearest(name) {
                found.help(format!("did you mean `{meant}`?")).fix(
                    Trust::Suggested,
                    format!("write `{meant}`"),
                    vec![Edit::value(origin, raw::replaced(&origin.value, &place, meant))],
                );
            }
        }
    }
}

/// The call or group that is most like a name, if one is like it enough.
fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(name, known);
    let groups = Group::all().map(Group::name);
    let calls = Group::KNOWN.calls().iter().map(|call| call.name());
    groups
        .chain(calls)
        .filter(|known| known.starts_with('@') == name.starts_with('@'))
        .map(|known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by, messages};

    #[test]
    fn each_word_is_looked_at() {
        assert_eq!(found_by("RF009", "SystemCallFilter=~@clok ptrace:EPERM readd:EPERM"), ["RF009 @clok", "RF009 readd"]);
        assert!(fixed("SystemCallFilter=~ptrce:EPERM").contains("=~ptrace:EPERM\n"));
    }

    #[test]
    fn says_what_the_word_leaves_open() {
        assert!(messages("RF009", "SystemCallFilter=~@clok")[0].ends_with("denies nothing by it"));
        assert!(messages("RF009", "SystemCallFilter=@clok")[0].ends_with("allows nothing by it"));
    }
}
