//! `SystemCallFilter=~write`.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_seccomp::Sense;
use ringfence_terms::Severity;

pub(crate) static WRITE_CANNOT_BE_DENIED: Lint = Lint {
    code: "RF111",
    name: "write-cannot-be-denied",
    severity: Severity::Warning,
    versions: Versions { first: 257, last: Some(257) },
    docs: Docs {
        what: "The system call `write` in a list of denied calls.",
        why: "systemd itself writes to its manager after the filter is in place, so it takes `write` off every list of \
              denied calls: the service can write. In a list of allowed calls, taking `write` off again with an error \
              number makes the start fail with 228/SECCOMP.",
        example: "[Service]\nSystemCallArchitectures=native\nSystemCallFilter=~write @clock\n",
        instead: "[Service]\nSystemCallArchitectures=native\nSystemCallFilter=~@clock\n",
        reference: "systemd: src/core/exec-invoke.c, apply_syscall_filter()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let filter = &subject.settings.syscalls.filter;
    for origin in &filter.lines {
        let Some(list) = origin.value.strip_prefix('~') else { continue };
        let written = raw::words(list).find(|range| list[range.clone()].split(':').next() == Some("write"));
        let Some(range) = written else { continue };
        let word = &list[range.clone()];
        let message = match filter.value.sense() {
            Some(Sense::Allow) if word.contains(':') => "the start fails with 228/SECCOMP: an answer of its own for `write` clashes with systemd's own rule",
            Some(Sense::Allow) => "this does nothing: systemd allows `write` in every list of allowed calls",
            _ => "this does nothing: systemd takes `write` off every list of denied calls",
        };
        let severity = if message.starts_with("the start") { Severity::Error } else { Severity::Warning };
        report.add(subject.range(origin, range.start + 1..range.end + 1), message).severity(severity).help(
            "take it out; what must not be written is for ProtectSystem= and the path lists to say",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::messages;

    #[test]
    fn an_answer_of_its_own_in_an_allow_list_is_fatal() {
        let filter = "SystemCallArchitectures=native; SystemCallFilter=@system-service; SystemCallFilter=~write:EIO";
        assert!(messages("RF111", filter)[0].starts_with("the start fails"));
        assert!(messages("RF111", "SystemCallFilter=~write:EIO")[0].starts_with("this does nothing"));
    }
}
