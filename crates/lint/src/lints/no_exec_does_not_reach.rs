//! A path below `NoExecPaths=` from which programs can be run, because it has an entry of its own.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountEntry, MountMode, Outcome};
use ringfence_terms::{Origin, Severity};

pub(crate) static NO_EXEC_DOES_NOT_REACH: Lint = Lint {
    code: "RF209",
    name: "no-exec-does-not-reach",
    severity: Severity::Warning,
    versions: Versions::from(248),
    docs: Docs {
        what: "A writable path (`ReadWritePaths=`, `BindPaths=`, `StateDirectory=` and its kin, `PrivateTmp=`, \
               `TemporaryFileSystem=`) below a path of `NoExecPaths=`.",
        why: "When systemd makes a tree noexec it spares everything below that has an entry of its own. Of all places the \
              ones that the service may write to stay executable: what it stores there it can run, which is what \
              `NoExecPaths=/` was to prevent. Name such paths in `NoExecPaths=` themselves.",
        example: "[Service]\nNoExecPaths=/\nExecPaths=/usr\nPrivateTmp=yes\n",
        instead: "[Service]\nNoExecPaths=/ /tmp /var/tmp\nExecPaths=/usr\nPrivateTmp=yes\n",
        reference: "systemd: src/core/namespace.c, make_noexec() and its deny list; systemd issue 39935",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    let mut told: Vec<(&Origin, Vec<&MountEntry>)> = Vec::new();
    for entry in plan.mounts.iter().filter(|entry| entry.outcome == Outcome::Mounted) {
        let Some(origin) = entry.origin.as_ref().filter(|_| is_for_data(&entry.mode)) else { continue };
        let closed = subject.entry_above(&entry.path).is_some_and(|above| !above.makes_exec() && is_noexec(above));
        let mounted = subject.view().mount_at(&entry.path);
        if !closed || entry.makes_exec() || mounted.flags.noexec || mounted.is_read_only() {
            continue;
        }
        match told.iter_mut().find(|(line, _)| *line == origin) {
            Some((_, entries)) => entries.push(entry),
            None => told.push((origin, vec![entry])),
        }
    }
    for (origin, entries) in told {
        found(subject, report, origin, &entries);
    }
}

/// Whether an entry makes what lies below it noexec, as `NoExecPaths=` does.
fn is_noexec(entry: &MountEntry) -> bool {
    entry.mode == MountMode::NoExec || (entry.makes_noexec() && entry.mode.is_access_only())
}

/// Where a service keeps what it writes.
fn is_for_data(mode: &MountMode) -> bool {
    matches!(
        mode,
        MountMode::ReadWrite
            | MountMode::Bind { .. }
            | MountMode::Tmpfs { .. }
            | MountMode::PrivateTmp
            | MountMode::PrivateTmpfs
    )
}

fn found(subject: &Subject<'_>, report: &mut Report, origin: &Origin, entries: &[&MountEntry]) {
    let name = |entry: &MountEntry| entry.requested.as_ref().unwrap_or(&entry.path).to_string();
    let paths: Vec<String> = entries.iter().map(|entry| name(entry)).collect();
    let closing = entries.first().and_then(|entry| subject.entry_above(&entry.path));
    let closing = closing.and_then(|above| match above.mode {
        MountMode::NoExec => above.origin.as_ref(),
        _ => above.merged.iter().find(|line| *line.directive == *"NoExecPaths").or(above.origin.as_ref()),
    });
    let place = match entries {
        [only] => subject.path_word(origin, entry_name(only)),
        _ => subject.whole(origin),
    };
    let (list, them) = (paths.join(" and "), if paths.len() == 1 { "it" } else { "them" });
    let lines = format!("NoExecPaths={}", paths.join(" "));
    let found = report
        .add(place, format!("programs can be run from {list}: NoExecPaths= does not reach {them}"))
        .also(subject.whole_of(closing), "spares what has an entry of its own")
        .help("name the paths themselves")
        .line(&lines);
    if let Some(closing) = closing {
        let edit = Edit::insert(closing, "NoExecPaths", paths.join(" "));
        found.fix(Trust::Suggested, format!("add `{lines}`"), vec![edit]);
    }
}

fn entry_name(entry: &MountEntry) -> &std::path::Path {
    entry.requested.as_ref().unwrap_or(&entry.path).as_path()
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn each_line_is_told_of_once_and_the_fix_closes_it() {
        let unit = "NoExecPaths=/; ExecPaths=/usr; PrivateTmp=yes; StateDirectory=app; BindReadOnlyPaths=/data";
        assert_eq!(found_by("RF209", unit), ["RF209 PrivateTmp=yes", "RF209 StateDirectory=app"]);
        assert_eq!(found_by("RF209", &fixed(unit)), [""; 0]);
    }

    #[test]
    fn what_is_named_or_opened_on_purpose_is_silent() {
        assert_eq!(found_by("RF209", "NoExecPaths=/; ExecPaths=/usr /var/lib/app; StateDirectory=app"), [""; 0]);
        assert_eq!(found_by("RF209", "NoExecPaths=/srv; PrivateTmp=yes"), [""; 0]);
    }
}
