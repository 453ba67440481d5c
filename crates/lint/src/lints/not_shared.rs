//! A command that prepares something in a file system that the next command does not see.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_settings::Privileges;
use ringfence_terms::{AbsPath, Severity};

pub(crate) static NOT_SHARED: Lint = Lint {
    code: "RF212",
    name: "not-shared-between-commands",
    severity: Severity::Warning,
    versions: Versions::from(238),
    docs: Docs {
        what: "An `ExecStartPre=` that makes or copies something (`mkdir`, `install`, `cp`, `touch`, `ln`, `chown` …) below a \
               path of `TemporaryFileSystem=` or of `PrivateTmp=disconnected`.",
        why: "Every command of a unit gets a mount namespace of its own, and with it its own, empty file system. What \
              `ExecStartPre=` leaves there is gone when `ExecStart=` runs. Directories of `RuntimeDirectory=`, and \
              `PrivateTmp=yes`, are shared by all commands.",
        example: "[Service]\nTemporaryFileSystem=/srv\nExecStartPre=/usr/bin/mkdir -p /srv/cache\nExecStart=/usr/bin/app\n",
        instead: "[Service]\nRuntimeDirectory=app/cache\nExecStart=/usr/bin/app\n",
        reference: "systemd: src/core/exec-invoke.c, apply_mount_namespace(), once for each command",
    },
    shown_by: &[],
    check,
};

/// Programs that are run for what they leave behind.
const MAKERS: &[&str] = &["mkdir", "install", "cp", "mv", "touch", "ln", "mknod", "mkfifo", "chown", "chmod", "tee"];

fn check(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    for command in &subject.settings.service.exec_start_pre {
        let program = command.path.rsplit('/').next().unwrap_or_default();
        if !MAKERS.contains(&program) || command.privileges == Privileges::Full && subject.settings.paths.temporary.is_empty() {
            continue;
        }
        let Some(path) = command.argv.iter().skip(1).rev().find_map(|word| AbsPath::parse(word).ok()) else { continue };
        let covering = plan.mounts.iter().rfind(|entry| path.is_at_or_below(&entry.path));
        let Some(entry) = covering.filter(|entry| entry.outcome == Outcome::Mounted) else { continue };
        if !matches!(entry.mode, MountMode::Tmpfs { .. } | MountMode::PrivateTmpfs) {
            continue;
        }
        let message = format!("what this makes at {path} is gone when ExecStart= runs: each command has its own empty {}", entry.path);
        report
            .add(subject.path_word(&command.origin, path.as_path()), message)
            .also(subject.whole_of(entry.origin.as_ref()), "a new one for every command")
            .help("let systemd make the directory: RuntimeDirectory= and its kin are shared by all commands");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn what_lies_elsewhere_is_shared() {
        let tmp = "ExecStartPre=/usr/bin/mkdir /tmp/x; PrivateTmp";
        assert_eq!(found_by("RF212", &format!("{tmp}=yes")), [""; 0]);
        assert_eq!(found_by("RF212", &format!("{tmp}=disconnected")), ["RF212 /tmp/x"]);
    }
}
