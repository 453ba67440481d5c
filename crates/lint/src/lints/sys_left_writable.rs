//! `/sys` below `ProtectKernelTunables=`, which does not become read-only.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_terms::Severity;

pub(crate) static SYS_LEFT_WRITABLE: Lint = Lint {
    code: "RF205",
    name: "sys-left-writable",
    severity: Severity::Warning,
    versions: Versions { first: 257, last: Some(257) },
    docs: Docs {
        what: "`ProtectKernelTunables=yes`, or `ReadOnlyPaths=/sys` with a directive that mounts the kernel's file systems, \
               in a service that may write to `/sys`, so most often one that runs as root.",
        why: "The manual promises `/sys` read-only. systemd 257 merges the read-only entry for `/sys` into the one that \
              mounts `/sys`; that one finds a mount point there already, counts as skipped, and skipped entries get no \
              flags. Only /sys/fs/bpf, /sys/kernel/debug and /sys/kernel/tracing become read-only. With an own network \
              (`PrivateNetwork=yes`) or an own root `/sys` is mounted anew, and read-only.",
        example: "[Service]\nProtectKernelTunables=yes\n",
        instead: "[Service]\nProtectKernelTunables=yes\nPrivateNetwork=yes\n",
        reference: "systemd 257: src/core/namespace.c, apply_one_mount() (MOUNT_BIND_SYSFS) and make_read_only()",
    },
    shown_by: &["one-protect-kernel-tunables", "same-path-sysfs-vs-ro"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for entry in &subject.lenient().mounts {
        let (MountMode::BindSysfs, Outcome::AlreadyMountPoint, true) =
            (&entry.mode, entry.outcome, entry.flags.read_only)
        else {
            continue;
        };
        let cause = entry.merged.first().or(entry.origin.as_ref());
        let Some(cause) = cause.filter(|_| subject.acts_as_root()) else { continue };
        report
            .add(subject.whole(cause), format!("{}= leaves /sys writable in systemd 257", cause.directive))
            .help(
                "run the service without root's rights (User=), give it a network of its own, or show it a read-only \
                 copy of the parts that it reads",
            )
            .line("PrivateNetwork=yes");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings_on, found_by, machine};

    #[test]
    fn only_this_version_and_only_who_may_write() {
        assert_eq!(found_by("RF205", "ProtectKernelTunables=yes"), ["RF205 ProtectKernelTunables=yes"]);
        assert_eq!(findings_on("ProtectKernelTunables=yes", &machine(), 252), []);
        assert_eq!(found_by("RF205", "ProtectKernelTunables=yes; User=app"), [""; 0]);
    }
}
