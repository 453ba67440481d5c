//! `RestrictNamespaces=`.

use ringfence_seccomp::{NamespaceRestriction, NamespaceType, Verdict};

fn restriction(values: &[&str]) -> (NamespaceRestriction, Vec<String>) {
    super::lines("RestrictNamespaces", values, NamespaceRestriction::apply)
}

#[test]
fn lines_are_merged_as_systemd_does() {
    let all = "cgroup ipc net mnt pid user uts time";
    for (values, active, allowed) in [
        (&[][..], false, all),
        (&["no"], false, all),
        (&["yes"], true, ""),
        (&["ON"], true, ""),
        (&["net user"], true, "net user"),
        (&["~net user"], true, "cgroup ipc mnt pid uts"),
        (&["~"], false, all),
        (&["net", "user"], true, "net user"),
        (&["net user", "~user"], true, "net"),
        (&["yes", "net"], true, "net"),
        (&["no", "~net"], true, "cgroup ipc mnt pid user uts"),
        (&["yes", ""], false, all),
        (&["time"], true, "time"),
        (&["~time"], false, all),
        (&["cgroup ipc net mnt pid user uts"], false, all),
    ] {
        let (restriction, complaints) = restriction(values);
        assert_eq!(complaints, [""; 0], "{values:?}");
        assert_eq!(restriction.is_active(), active, "{values:?}");
        let kinds: Vec<&str> = restriction.allowed().map(NamespaceType::word).collect();
        assert_eq!(kinds.join(" "), allowed, "{values:?}");
    }
}

#[test]
fn an_unknown_word_spoils_its_line() {
    for values in [&["yes", "net typo"][..], &["yes", "Net"], &["yes", "\"net\""], &["yes", "net user\\"]] {
        let (restriction, complaints) = restriction(values);
        assert_eq!(complaints.len(), 1, "{values:?}");
        assert_eq!(restriction.allowed().count(), 0, "{values:?}");
    }
}

#[test]
fn the_deciding_line_is_known() {
    let (restriction, _) = restriction(&["~net", "~user", "net"]);
    for (kind, allowed, line) in
        [(NamespaceType::Net, true, 3), (NamespaceType::User, false, 2), (NamespaceType::Time, false, 1)]
    {
        let ruling = restriction.verdict(kind);
        assert_eq!(ruling.verdict == Verdict::Allowed, allowed, "{kind}");
        assert_eq!(ruling.origin.map(|origin| origin.line), Some(line), "{kind}");
    }
}
