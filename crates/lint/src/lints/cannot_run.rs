//! A command that the sandbox hides or does not let run.

use crate::booted::is_volatile;
use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::decide::{Because, Cause, Verdict, decide};
use ringfence_sandbox::fix;
use ringfence_sandbox::plan::Mode;
use ringfence_settings::{Command, Privileges};
use ringfence_terms::{AbsPath, Access, AccessKind, Severity};

pub(crate) static CANNOT_RUN: Lint = Lint {
    code: "RF303",
    name: "cannot-run",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "An `ExecStart=`, `ExecStartPre=` or `ExecStartPost=` whose program is there on this machine but not in the \
               service's own tree, or cannot be run from there.",
        why: "systemd looks for the program inside the sandbox. One that `TemporaryFileSystem=`, `InaccessiblePaths=`, \
              `ProtectHome=` or `RootDirectory=` hides, that lies on a path of `NoExecPaths=`, or that the service's user \
              may not run, ends in 203/EXEC.",
        example: "[Service]\nInaccessiblePaths=/opt\nExecStart=/opt/app/run\n",
        instead: "[Service]\nExecStart=/opt/app/run\n",
        reference: "systemd.exec(5), \"Process Exit Codes\" (203); systemd: src/core/exec-invoke.c, exec_invoke()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let service = &subject.settings.service;
    let commands = service.exec_start_pre.iter().chain(&service.exec_start).chain(&service.exec_start_post);
    for command in commands.filter(|command| command.privileges != Privileges::Full) {
        let Ok(path) = AbsPath::parse(&command.path) else { continue };
        let access = Access { path: path.clone(), kind: AccessKind::Execute };
        let Verdict::Denied { because, .. } = decide(&subject.view(), &subject.who(), &access) else { continue };
        let as_other = command.privileges != Privileges::Sandboxed;
        let unknown = is_volatile(&path) && !subject.booted;
        if unknown || (as_other && matches!(because.cause, Cause::Permissions | Cause::Capability)) {
            continue;
        }
        if let Some(message) = message(subject, command, &path, &because) {
            found(subject, report, command, &path, &because, message);
        }
    }
}

/// What is wrong, where it is the sandbox's doing; a program that the machine lacks is another lint's business.
fn message(subject: &Subject<'_>, command: &Command, path: &AbsPath, because: &Because) -> Option<String> {
    let effect = if command.ignore_failure { "so the command is skipped" } else { "so the service fails with 203/EXEC" };
    let what = match because.cause {
        Cause::Hidden | Cause::Missing if subject.on_host(path).is_some() => "the sandbox hides it",
        Cause::Inaccessible => "it is made inaccessible",
        Cause::NoExecMount => "no program can be run from there",
        Cause::Permissions | Cause::Capability => "the service's user may not run it",
        _ => return None,
    };
    Some(format!("{path} cannot be run: {what}, {effect}"))
}

fn found(
    subject: &Subject<'_>,
    report: &mut Report,
    command: &Command,
    path: &AbsPath,
    because: &Because,
    message: String,
) {
    let severity = if command.ignore_failure { Severity::Warning } else { Severity::Error };
    let mut found = report
        .add(subject.path_word(&command.origin, path.as_path()), message)
        .severity(severity)
        .also(subject.whole_of(because.origin.as_ref()), "decides that")
        .note(because.reason.clone());
    let access = Access { path: path.clone(), kind: AccessKind::Execute };
    let fixes = fix::fixes(subject.unit, subject.facts(), &subject.main(), Mode::Faithful, &access);
    if let Some(first) = fixes.first() {
        for line in &first.lines {
            found = found.line(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, found_by, messages};

    #[test]
    fn what_hides_it_is_told() {
        let all = findings("TemporaryFileSystem=/opt:ro; ExecStart=/opt/app/run");
        assert_eq!(all[0].lint.code, "RF303");
        assert_eq!(all[0].lines, ["BindReadOnlyPaths=/opt/app/run"]);
        assert!(messages("RF303", "NoExecPaths=/opt; ExecStart=/opt/app/run")[0].contains("no program can be run"));
    }

    #[test]
    fn full_privileges_and_what_is_open_are_silent() {
        assert_eq!(found_by("RF303", "NoExecPaths=/opt; ExecStartPre=+/opt/app/run"), [""; 0]);
        assert_eq!(found_by("RF303", "ProtectSystem=strict; ProtectHome=yes; ExecStart=/opt/app/run"), [""; 0]);
    }
}
