//! A `$NAME` that systemd does not expand as a shell would.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_terms::Severity;
use std::ops::Range;

pub(crate) static VARIABLE_IN_WORD: Lint = Lint {
    code: "RF310",
    name: "variable-in-word",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A variable without braces at the beginning of a longer word of a command line (`$HOME/bin`), or one with a \
               shell's default value (`${PORT:-80}`).",
        why: "systemd expands `$NAME` only where it is a word of its own. `$NAME/more` is no valid name to it, and the whole \
              word disappears: the program gets one argument less. `${NAME:-x}` is passed on as it is. Within a word write \
              `${NAME}`; give a default with `Environment=` and override it with `EnvironmentFile=-`.",
        example: "[Service]\nEnvironment=BASE=/srv/app\nExecStart=/usr/bin/app $BASE/data\n",
        instead: "[Service]\nEnvironment=BASE=/srv/app\nExecStart=/usr/bin/app ${BASE}/data\n",
        reference: "systemd.service(5), \"Command Lines\"; systemd: src/basic/env-util.c, replace_env_argv()",
    },
    shown_by: &[],
    check,
};

/// Programs that read what systemd passes on.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "busybox"];

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.in_effect() {
        let origin = &assignment.origin;
        if !directive.name.starts_with("Exec") || matches!(directive.name, "ExecPaths" | "ExecSearchPath") {
            continue;
        }
        let mut words = raw::words(&origin.value);
        let Some(program) = words.next().map(|range| &origin.value[range]) else { continue };
        let prefix = program.len() - program.trim_start_matches(['-', '@', ':', '+', '!']).len();
        if program[..prefix].contains(':') {
            continue;
        }
        let by_shell = SHELLS.contains(&program.rsplit('/').next().unwrap_or_default());
        for range in words {
            let word = &origin.value[range.clone()];
            let quoted = word.len() - word.trim_start_matches(['"', '\'']).len();
            let inner = &word[quoted..];
            if let Some(length) = disappears(inner) {
                let name = range.start + quoted + 1..range.start + quoted + 1 + length;
                let text = inner.trim_end_matches(['"', '\'']);
                let message = format!("`{text}` disappears: only a whole word can be `$NAME`, and this is none");
                let braces = format!("{{{}}}", &origin.value[name.clone()]);
                let value = raw::replaced(&origin.value, &name, &braces);
                report
                    .add(subject.range(origin, range), message)
                    .help(format!("write `${braces}`"))
                    .fix(Trust::Suggested, "put braces around the name", vec![Edit::value(origin, value)]);
            } else if let Some(at) = has_default(word).filter(|_| !by_shell) {
                let place = range.start + at.start..range.start + at.end;
                report
                    .add(
                        subject.range(origin, place),
                        "systemd knows no default values, and passes this on as it is",
                    )
                    .help("set the default with Environment=, and override it with EnvironmentFile=-");
            }
        }
    }
}

/// The length of the name in a word that begins with `$NAME` and goes on with what cannot be part of a name.
fn disappears(word: &str) -> Option<usize> {
    let rest = word.strip_prefix('$')?;
    let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let starts_well = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let next = rest[length..].chars().next()?;
    (starts_well && !matches!(next, '"' | '\'')).then_some(length)
}

/// The place of a `${NAME:-…}`.
fn has_default(word: &str) -> Option<Range<usize>> {
    let start = word.find("${").filter(|at| !word[..*at].ends_with('$'))?;
    let end = start + word[start..].find('}')? + 1;
    word[start..end].contains([':', '?', '#', '%']).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn what_disappears_gets_braces() {
        let unit = "ExecStart=/usr/bin/app $A \"$B\" ${C}/x $D/x:$E $$F/y";
        assert_eq!(found_by("RF310", unit), ["RF310 $D/x:$E"]);
        assert!(fixed(unit).contains(" ${D}/x:$E "));
    }

    #[test]
    fn defaults_are_for_shells() {
        assert_eq!(found_by("RF310", "ExecStart=/usr/bin/app --port=${P:-80}"), ["RF310 ${P:-80}"]);
        assert_eq!(found_by("RF310", "ExecStart=/bin/sh -c 'app --port=${P:-80}'"), [""; 0]);
        assert_eq!(found_by("RF310", "ExecStart=:/usr/bin/app $A/x"), [""; 0]);
    }
}
