//! A program whose interpreter, loader or libraries the sandbox hides.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_loader::{Files, Need, Needs, Role, needs};
use ringfence_sandbox::plan::MountMode;
use ringfence_sandbox::tree::{Location, Seen};
use ringfence_settings::{Command, Privileges};
use ringfence_terms::{AbsPath, Severity};

pub(crate) static NEEDS_HIDDEN: Lint = Lint {
    code: "RF311",
    name: "needs-hidden",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "A program that the service sees, and whose interpreter (`#!`), dynamic loader or libraries it does not see, or \
               may not run from where they lie.",
        why: "Without interpreter or loader the kernel answers \"No such file or directory\" for a program that is plainly \
              there: 203/EXEC. Without a library the loader gives up: 127. What a program opens later, and the modules of \
              an interpreter's language, are not looked for.",
        example: "[Service]\nTemporaryFileSystem=/usr:ro\nExecStart=/opt/app/run\n",
        instead: "[Service]\nTemporaryFileSystem=/usr:ro\nBindReadOnlyPaths=/usr/bin/python3\nExecStart=/opt/app/run\n",
        reference: "execve(2), ld.so(8); `ringfence diagnose` finds the same from a log",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let Some(files) = subject.files().filter(|_| hides_something(subject)) else { return };
    let service = &subject.settings.service;
    let commands = service.exec_start_pre.iter().chain(&service.exec_start).chain(&service.exec_start_post);
    let inside = Inside { subject, files };
    for command in commands.filter(|command| command.privileges != Privileges::Full) {
        let Ok(program) = AbsPath::parse(&command.path) else { continue };
        if inside.host_path(&program).is_none() {
            continue;
        }
        let (seen, on_host) = (needs(&program, &inside), needs(&program, files));
        let own_root = subject.settings.has_own_root();
        let hidden: Vec<&(String, AbsPath)> = seen
            .missing
            .iter()
            .filter(|missing| own_root || !on_host.missing.iter().any(|(name, _)| *name == missing.0))
            .collect();
        let not_runnable: Vec<&Need> = seen.found.iter().filter(|need| inside.is_noexec(&need.path)).collect();
        if let Some((name, by)) = hidden.first() {
            let message = format!("{name}, which {by} needs, is not there for the service, {}", effect(&seen, name, command));
            found(subject, report, command, &program, message, &lines(&hidden, &on_host));
        } else if let Some(first) = not_runnable.first() {
            let message = format!("{}, which {} needs, lies where no program can be run from, {}", first.path, first.by, effect(&seen, &first.path.to_string(), command));
            let paths: Vec<String> = not_runnable.iter().map(|need| format!("ExecPaths={}", need.path)).collect();
            found(subject, report, command, &program, message, &paths);
        }
    }
}

/// Whether anything is covered or noexec at all; most units need no closer look.
fn hides_something(subject: &Subject<'_>) -> bool {
    let plan = subject.lenient();
    let covers = |mode: &MountMode| matches!(mode, MountMode::Tmpfs { .. } | MountMode::Inaccessible | MountMode::NoExec);
    subject.settings.has_own_root()
        || plan.mounts.iter().any(|entry| {
            let by_line = entry.origin.is_some();
            by_line && (covers(&entry.mode) || entry.flags.noexec && entry.mode.is_access_only())
        })
}

/// What happens when a file is not there: the kernel looks for interpreters and loaders, the loader for libraries.
fn effect(seen: &Needs, name: &str, command: &Command) -> &'static str {
    let by_kernel = name.starts_with('/') && !seen.found.iter().any(|need| need.role == Role::Loader && need.path.to_string() != name);
    match (by_kernel, command.ignore_failure) {
        (_, true) => "so the command fails, which is ignored",
        (true, false) => "so the service fails with 203/EXEC",
        (false, false) => "so its loader gives up with 127",
    }
}

/// The lines that bring everything that is hidden.
fn lines(hidden: &[&(String, AbsPath)], on_host: &Needs) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let first_hidden = |need: &&Need| hidden.iter().any(|(name, _)| need.path.to_string() == *name || need.path.file_name().is_some_and(|file| *file == **name));
    // What hidden files need in turn is hidden most likely, too, and cannot be seen from inside.
    let mut wanted: Vec<AbsPath> = on_host.found.iter().filter(first_hidden).map(|need| need.path.clone()).collect();
    let mut at = 0;
    while at < wanted.len() {
        let by = wanted[at].clone();
        let more = on_host.found.iter().filter(|need| need.by == by && !wanted.contains(&need.path));
        let more: Vec<AbsPath> = more.map(|need| need.path.clone()).collect();
        wanted.extend(more);
        at += 1;
    }
    all.extend(wanted.iter().map(|path| format!("BindReadOnlyPaths={path}")));
    all
}

fn found(subject: &Subject<'_>, report: &mut Report, command: &Command, program: &AbsPath, message: String, lines: &[String]) {
    let severity = if command.ignore_failure { Severity::Warning } else { Severity::Error };
    let mut found = report.add(subject.path_word(&command.origin, program.as_path()), message).severity(severity);
    for line in lines {
        found = found.line(line);
    }
}

/// Files as the service sees them.
struct Inside<'a> {
    subject: &'a Subject<'a>,
    files: &'a dyn Files,
}

impl Inside<'_> {
    /// Where on the host the file is that the service sees at a path; none when it sees none.
    fn host_path(&self, path: &AbsPath) -> Option<AbsPath> {
        let tree = &self.subject.lenient().tree;
        let place = tree.resolve(path, self.subject.facts()).ok()?;
        match (place.seen, tree.locate(&place.spot, &place.path)) {
            (Seen::Node(_), Location::Host(host)) => Some(host),
            _ => None,
        }
    }

    fn is_noexec(&self, path: &AbsPath) -> bool {
        let tree = &self.subject.lenient().tree;
        let place = tree.resolve(path, self.subject.facts());
        place.is_ok_and(|place| self.subject.view().mount_at(&place.path).flags.noexec)
    }
}

impl Files for Inside<'_> {
    fn read(&self, path: &AbsPath) -> Option<Vec<u8>> {
        self.files.read(&self.host_path(path)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, found_by};

    #[test]
    fn the_interpreter_is_named_and_brought_back() {
        let all = findings("TemporaryFileSystem=/usr:ro; ExecStart=/opt/app/run");
        assert!(all[0].message.starts_with("/usr/bin/python3, which /opt/app/run needs, is not there"));
        assert!(all[0].message.ends_with("203/EXEC"));
        assert_eq!(all[0].lines, ["BindReadOnlyPaths=/usr/bin/python3"]);
    }

    #[test]
    fn it_must_be_runnable_too() {
        let all = findings("NoExecPaths=/usr; ExecStart=/opt/app/run");
        assert_eq!(all[0].lines, ["ExecPaths=/usr/bin/python3"]);
        assert_eq!(found_by("RF311", "ProtectSystem=strict; ExecStart=/opt/app/run"), [""; 0]);
    }
}
