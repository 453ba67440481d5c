//! A directive that means nothing without another one.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::{DirectoryKind, Preserve, RestartPolicy, ServiceType, Settings};
use ringfence_terms::Severity;

pub(crate) static NEEDS_OTHER: Lint = Lint {
    code: "RF107",
    name: "needs-other",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A directive that only changes what another one does, in a unit that lacks the other: \
               `StateDirectoryMode=` without `StateDirectory=`, `SystemCallErrorNumber=` without `SystemCallFilter=`, \
               `RootDirectoryStartOnly=` without `RootDirectory=`, `ExecPaths=` without `NoExecPaths=`, and others.",
        why: "The line does nothing, and the other one has often been forgotten or is misspelt.",
        example: "[Service]\nStateDirectoryMode=0700\nSystemCallErrorNumber=EPERM\n",
        instead: "[Service]\nStateDirectory=app\nStateDirectoryMode=0700\n",
        reference: "systemd.exec(5), systemd.service(5)",
    },
    shown_by: &[],
    check,
};

/// What a directive needs, in words, and whether the settings lack it.
struct Need {
    directives: &'static [&'static str],
    other: &'static str,
    lacks: fn(&Settings) -> bool,
}

const NEEDS: &[Need] = &[
    Need { directives: &["RuntimeDirectoryMode"], other: "RuntimeDirectory=", lacks: |s| none(s, DirectoryKind::Runtime) },
    Need { directives: &["StateDirectoryMode"], other: "StateDirectory=", lacks: |s| none(s, DirectoryKind::State) },
    Need { directives: &["CacheDirectoryMode"], other: "CacheDirectory=", lacks: |s| none(s, DirectoryKind::Cache) },
    Need { directives: &["LogsDirectoryMode"], other: "LogsDirectory=", lacks: |s| none(s, DirectoryKind::Logs) },
    Need {
        directives: &["ConfigurationDirectoryMode"],
        other: "ConfigurationDirectory=",
        lacks: |s| none(s, DirectoryKind::Configuration),
    },
    Need {
        directives: &["RuntimeDirectoryPreserve"],
        other: "RuntimeDirectory=",
        lacks: |s| none(s, DirectoryKind::Runtime) && s.directories.preserve_runtime.value != Preserve::No,
    },
    Need {
        directives: &["SystemCallErrorNumber"],
        other: "SystemCallFilter=",
        lacks: |s| s.syscalls.filter.lines.is_empty(),
    },
    Need {
        directives: &["RootDirectoryStartOnly"],
        other: "RootDirectory= or RootImage=",
        lacks: |s| s.paths.root_directory_start_only.value && no_root(s),
    },
    Need {
        directives: &["RootHash", "RootHashSignature", "RootVerity", "RootImageOptions"],
        other: "RootImage=",
        lacks: |s| s.paths.root_image.value.is_none(),
    },
    Need {
        directives: &["RootEphemeral"],
        other: "RootDirectory= or RootImage=",
        lacks: |s| s.paths.root_ephemeral.value && no_root(s),
    },
    Need {
        directives: &["ReloadSignal"],
        other: "Type=notify-reload",
        lacks: |s| s.service.kind.value != ServiceType::NotifyReload,
    },
    Need {
        directives: &["RestartPreventExitStatus", "RestartSteps", "RestartMaxDelaySec"],
        other: "Restart=",
        lacks: |s| s.service.restart.value == RestartPolicy::No && s.service.success_exit_status.lines.is_empty(),
    },
];

fn none(settings: &Settings, kind: DirectoryKind) -> bool {
    settings.directories.of(kind).next().is_none()
}

fn no_root(settings: &Settings) -> bool {
    settings.paths.root_directory.value.is_none() && settings.paths.root_image.value.is_none()
}

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.known() {
        let origin = &assignment.origin;
        let needs = NEEDS.iter().find(|need| need.directives.contains(&directive.name));
        if let Some(need) = needs.filter(|need| (need.lacks)(&subject.settings) && !origin.value.is_empty()) {
            let message = format!("{}= does nothing without {}", directive.name, need.other);
            report.add(subject.whole(origin), message);
        }
    }
    exec_paths(subject, report);
}

/// `ExecPaths=` takes noexec away: from `NoExecPaths=`, or from a mount of the host that is noexec.
fn exec_paths(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    for entry in plan.mounts.iter().filter(|entry| entry.makes_exec()) {
        let Some(origin) = entry.origin.as_ref().filter(|_| subject.access_of(entry).is_some()) else { continue };
        let noexec_above = plan.mounts.iter().any(|above| above.makes_noexec() && entry.path.is_below(&above.path));
        let on_host = subject.facts().mounts().covering(&entry.path).is_some_and(|mount| mount.flags.noexec);
        if !noexec_above && !on_host {
            let message = format!("this does nothing: programs can be run from {} anyway", entry.path);
            report
                .add(subject.path_word(origin, entry.path.as_path()), message)
                .help("ExecPaths= opens what NoExecPaths= closes around it");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn the_other_one_may_be_there() {
        assert_eq!(found_by("RF107", "RootDirectoryStartOnly=no; RuntimeDirectoryPreserve=no"), [""; 0]);
        assert_eq!(found_by("RF107", "ReloadSignal=SIGUSR1"), ["RF107 ReloadSignal=SIGUSR1"]);
    }

    #[test]
    fn exec_paths_need_something_that_is_noexec() {
        assert_eq!(found_by("RF107", "ExecPaths=/srv/app"), ["RF107 /srv/app"]);
        assert_eq!(found_by("RF107", "NoExecPaths=/srv; ExecPaths=/srv/app"), [""; 0]);
        assert_eq!(found_by("RF107", "ExecPaths=/dev/mqueue"), [""; 0]);
    }
}
