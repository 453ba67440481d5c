//! `SystemCallLog=`.

use ringfence_seccomp::{Syscall, SyscallLog, Verdict};

#[test]
fn what_is_logged_follows_the_lines() {
    for (values, call, logged, line) in [
        (&[][..], "mount", false, 0),
        (&["@mount"], "mount", true, 1),
        (&["@mount"], "execve", false, 0),
        (&["@mount", "~mount"], "mount", false, 2),
        (&["~@mount"], "mount", false, 1),
        (&["~@mount"], "execve", true, 1),
        (&["~@mount", "mount"], "mount", true, 2),
        (&["~"], "execve", false, 0),
        (&["@mount", ""], "mount", false, 0),
    ] {
        let (log, complaints) = super::lines("SystemCallLog", values, SyscallLog::apply);
        assert_eq!(complaints, [""; 0], "{values:?}");
        let ruling = log.verdict(Syscall::named(call).expect(call));
        assert_eq!(ruling.verdict == Verdict::Logged, logged, "{call} under {values:?}");
        assert_eq!(ruling.origin.map_or(0, |origin| origin.line), line, "{call} under {values:?}");
    }
}

#[test]
fn an_error_number_is_no_part_of_a_name_here() {
    let (_, complaints) = super::lines("SystemCallLog", &["~mount:EPERM"], SyscallLog::apply);
    assert_eq!(complaints, ["mount:EPERM"]);
}
