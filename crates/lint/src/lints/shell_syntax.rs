//! A command line that is written for a shell.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_settings::Command;
use ringfence_terms::{Origin, Severity};
use std::ops::Range;

pub(crate) static SHELL_SYNTAX: Lint = Lint {
    code: "RF309",
    name: "shell-syntax",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A redirection, a pipe, `&&`, `&`, backquotes, `$(…)`, a wildcard or `~` in a command line that no shell reads.",
        why: "systemd runs the program itself and passes such words on as they are: `>` and the file name become \
              arguments, `*` is no wildcard. Nothing is redirected, nothing is run after `&&`.",
        example: "[Service]\nExecStart=/usr/bin/app > /var/log/app/out\n",
        instead: "[Service]\nExecStart=/usr/bin/app\nStandardOutput=append:/var/log/app/out\n",
        reference: "systemd.service(5), \"Command Lines\"",
    },
    shown_by: &[],
    check,
};

/// Programs that read such words themselves, or run a command that does.
const INTERPRETERS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "busybox", "awk", "sed", "perl", "python3", "find", "grep", "egrep", "expr", "test", "[",
    "env", "ssh", "socat", "systemd-run", "xargs", "runuser", "su", "sudo", "chroot", "nsenter", "unshare", "flock",
    "start-stop-daemon", "jq", "php", "node", "ruby", "echo", "printf", "logger", "wall",
];

/// Programs that take file names and expand no wildcards.
const FILE_TOOLS: &[&str] = &["rm", "cp", "mv", "cat", "chmod", "chown", "chgrp", "ls", "touch", "ln", "install", "mkdir", "rmdir"];

fn check(subject: &Subject<'_>, report: &mut Report) {
    for command in subject.settings.service.commands() {
        let program = command.path.rsplit('/').next().unwrap_or_default();
        if INTERPRETERS.contains(&program) || program.starts_with("python") {
            continue;
        }
        if let Some((range, what)) = first(command, program) {
            found(subject, report, &command.origin, range, what);
        }
    }
}

/// The first word that only a shell would understand.
fn first(command: &Command, program: &str) -> Option<(Range<usize>, &'static str)> {
    let value = &*command.origin.value;
    raw::words(value).skip(1).find_map(|range| {
        let word = &value[range.clone()];
        let plain = !word.contains(['"', '\'', '\\']);
        let what = match word {
            ">" | ">>" | "<" | "2>" | "2>>" | "&>" | "2>&1" | ">&2" | "1>&2" => "redirects nothing",
            "|" | "|&" => "is no pipe",
            "&&" | "||" | "&" => "starts no other command",
            _ if plain && (word.starts_with('`') || word.starts_with("$(")) => "runs no command",
            _ if plain && (word.starts_with(">/") || word.starts_with("2>/")) => "redirects nothing",
            _ if plain && word.starts_with("~/") => "is no home directory",
            _ if plain && word.starts_with('/') && word.contains('*') && FILE_TOOLS.contains(&program) => {
                "is no wildcard"
            }
            _ => return None,
        };
        Some((range, what))
    })
}

fn found(subject: &Subject<'_>, report: &mut Report, origin: &Origin, range: Range<usize>, what: &str) {
    let word = &origin.value[range.clone()];
    let message = format!("`{word}` {what} here: no shell reads this line, and the program gets it as an argument");
    let found = report.add(subject.range(origin, range.clone()), message);
    if what == "redirects nothing" {
        found.help("use StandardOutput=append:… or StandardError=, or run a shell: `/bin/sh -c '…'`");
    } else {
        found.help("run a shell for it: `/bin/sh -c '…'`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn a_shell_may_read_such_words() {
        assert_eq!(found_by("RF309", "ExecStart=/bin/sh -c 'a && b > /c'"), [""; 0]);
        assert_eq!(found_by("RF309", "ExecStartPre=/usr/bin/rm -f /run/app/*.pid"), ["RF309 /run/app/*.pid"]);
        assert_eq!(found_by("RF309", "ExecStartPre=/usr/bin/mkdir /srv/x && chown"), ["RF309 &&"]);
        assert_eq!(found_by("RF309", "ExecStart=/usr/bin/app --match=/a/* /b/* '|'"), [""; 0]);
    }
}
