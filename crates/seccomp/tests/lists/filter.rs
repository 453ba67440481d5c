//! `SystemCallFilter=` and `SystemCallErrorNumber=`.

use ringfence_seccomp::{Denial, Group, Machine, Sense, Syscall, SyscallFilter, Verdict};
use ringfence_terms::Errno;

fn filter(values: &[&str]) -> SyscallFilter {
    let (filter, complaints) = super::lines("SystemCallFilter", values, SyscallFilter::apply);
    assert!(complaints.is_empty(), "{complaints:?}");
    filter
}

fn complaints(values: &[&str]) -> Vec<String> {
    super::lines("SystemCallFilter", values, SyscallFilter::apply).1
}

/// The verdict on a call, and the line that decides it; 0 for none.
fn verdict(filter: &SyscallFilter, call: &str) -> (Verdict, u32) {
    let ruling = filter.verdict(Syscall::named(call).expect(call), Machine::X86_64);
    (ruling.verdict, ruling.origin.map_or(0, |origin| origin.line))
}

const ALLOWED: Verdict = Verdict::Allowed;
const KILLED: Verdict = Verdict::Killed;
const EPERM: Verdict = Verdict::Errno(Errno::EPERM);
const ENOSYS: Verdict = Verdict::Errno(Errno::ENOSYS);

#[test]
fn each_call_is_decided_by_the_last_line_that_speaks_of_it() {
    for (values, call, expected) in [
        (&[][..], "mount", (ALLOWED, 0)),
        (&[""], "mount", (ALLOWED, 0)),
        // A list of allowed calls.
        (&["@basic-io"], "read", (ALLOWED, 1)),
        (&["@basic-io"], "execve", (ALLOWED, 1)),
        (&["@basic-io"], "mount", (KILLED, 1)),
        (&["@system-service", "~@privileged"], "mount", (KILLED, 1)),
        (&["@system-service", "~@privileged"], "chown", (KILLED, 2)),
        (&["@system-service", "~@privileged", "chown"], "chown", (ALLOWED, 3)),
        (&["@system-service", "~chown:EPERM"], "chown", (EPERM, 2)),
        (&["@system-service", "~chown:EPERM", "chown"], "chown", (ALLOWED, 3)),
        (&["@system-service", "~chown:kill"], "chown", (KILLED, 2)),
        (&["read", "~@default"], "execve", (KILLED, 2)),
        (&["typo-free", "read"], "read", (ALLOWED, 2)),
        // A list of denied calls.
        (&["~@mount"], "mount", (KILLED, 1)),
        (&["~@mount:EPERM"], "mount", (EPERM, 1)),
        (&["~@mount", "~mount:EPERM"], "mount", (EPERM, 2)),
        (&["~@mount"], "read", (ALLOWED, 0)),
        (&["~@mount", "mount"], "mount", (ALLOWED, 2)),
        (&["~@mount", "mount", "~mount"], "mount", (KILLED, 3)),
        (&["~"], "mount", (ALLOWED, 0)),
        (&["~", "mount"], "mount", (ALLOWED, 2)),
        // A reset takes the sense with it.
        (&["~@mount", "", "@basic-io"], "mount", (KILLED, 3)),
        (&["@basic-io", "", "~@mount"], "execve", (ALLOWED, 0)),
        // What is not in @known is unknown, not denied: here a call that x86-64 does not have.
        (&["@basic-io"], "waitpid", (ENOSYS, 1)),
        // The filter skips the group @obsolete in @known.
        (&["@basic-io"], "uselib", (ENOSYS, 1)),
        (&["@basic-io"], "uretprobe", (ALLOWED, 1)),
        (&["@basic-io", "~uretprobe"], "socketcall", (ENOSYS, 1)),
        // systemd needs write() itself.
        (&["~write:EIO"], "write", (ALLOWED, 0)),
        (&["~@default"], "write", (ALLOWED, 0)),
        (&["read", "~write"], "write", (ALLOWED, 0)),
        (&["read"], "write", (ALLOWED, 0)),
    ] {
        let (filter, _) = super::lines("SystemCallFilter", values, SyscallFilter::apply);
        assert_eq!(verdict(&filter, call), expected, "{call} under {values:?}");
    }
}

#[test]
fn faulty_words_are_named_and_skipped() {
    for (values, subjects) in [
        (&["typo read"][..], &["typo"][..]),
        (&["@typo"], &["@typo"]),
        (&["~mount:EWHAT read"], &["mount:EWHAT"]),
        (&["~mount:4096"], &["mount:4096"]),
        (&["~mount:-1"], &["mount:-1"]),
        (&["mount:EPERM"], &["mount:EPERM"]),
        (&["~:EPERM"], &[":EPERM"]),
        (&["READ"], &["READ"]),
        (&["\"read\""], &["\"read\""]),
        (&["~file_getattr"], &["file_getattr"]),
        (&["@file-system ~@mount"], &["~@mount"]),
    ] {
        assert_eq!(complaints(values), subjects, "{values:?}");
    }
}

#[test]
fn a_line_of_unknown_words_still_decides_the_sense() {
    let (filter, _) = super::lines("SystemCallFilter", &["typo"], SyscallFilter::apply);
    assert_eq!(filter.sense(), Some(Sense::Allow));
    assert!(filter.listed().map(|(call, _)| call).eq(Group::DEFAULT.calls().iter()));
    assert!(filter.is_active());

    let (filter, _) = super::lines("SystemCallFilter", &["~typo"], SyscallFilter::apply);
    assert_eq!(filter.sense(), Some(Sense::Deny));
    assert!(!filter.is_active());
}

#[test]
fn a_number_without_a_name_is_unknown_to_allow_lists_only() {
    assert_eq!(filter(&["read"]).verdict_unnamed().verdict, ENOSYS);
    assert_eq!(filter(&["~read"]).verdict_unnamed().verdict, ALLOWED);
    assert_eq!(SyscallFilter::default().verdict_unnamed().verdict, ALLOWED);
}

#[test]
fn the_error_number_answers_for_calls_without_an_answer_of_their_own() {
    let mut filter = filter(&["~@mount @swap:EIO"]);
    let mut error_number =
        |value| filter.apply_error_number(&super::origin("SystemCallErrorNumber", value, 9)).len();
    assert_eq!(error_number("EPERM"), 0);
    assert_eq!(error_number("0"), 1);
    assert_eq!(error_number("log"), 1);
    assert_eq!(verdict(&filter, "mount"), (EPERM, 1));
    assert_eq!(verdict(&filter, "swapon"), (Verdict::Errno(Errno::EIO), 1));
    assert_eq!(filter.denial().origin.as_ref().map(|origin| origin.line), Some(9));
    filter.apply_error_number(&super::origin("SystemCallErrorNumber", "", 10));
    assert_eq!(filter.denial().value, Denial::Kill);
}
