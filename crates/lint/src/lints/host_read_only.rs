//! `ReadWritePaths=` on a file system that is read-only on the host.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_terms::Severity;

pub(crate) static HOST_READ_ONLY: Lint = Lint {
    code: "RF106",
    name: "host-read-only",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `ReadWritePaths=` (or a bind that is to be writable) on a mount that is read-only on this machine.",
        why: "systemd never takes the read-only flag off a mount. `ReadWritePaths=` keeps a path as writable as it is \
              on the host, and no more: writing there fails with EROFS.",
        example: "# /media/cd is mounted read-only\n[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/media/cd\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/var/lib/app\n",
        reference: "systemd.exec(5), ReadWritePaths=; systemd issue 29266",
    },
    shown_by: &["one-ro-host-mount"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let view = subject.view();
    for entry in &subject.lenient().mounts {
        let Some(origin) = &entry.origin else { continue };
        let is_bind = matches!(entry.mode, MountMode::Bind { .. }) && *origin.directive == *"BindPaths";
        if entry.outcome != Outcome::Mounted
            || !(is_bind || entry.mode == MountMode::ReadWrite)
            || entry.makes_read_only()
        {
            continue;
        }
        let mounted = view.mount_at(&entry.path);
        if mounted.is_read_only() && mounted.read_only_by.is_none() {
            let path = entry.requested.as_ref().unwrap_or(&entry.path);
            let message = format!("{path} stays read-only: its file system is mounted read-only on this machine");
            report
                .add(subject.path_word(origin, path.as_path()), message)
                .help("mount it writable (fstab(5)), or write elsewhere");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HOST_READ_ONLY;
    use crate::testing::{findings_on, machine};

    #[test]
    fn the_mount_table_decides() {
        let unit = "ProtectSystem=strict; ProtectHome=yes; ReadWritePaths=/data";
        assert_eq!(findings_on(unit, &machine(), 257), []);
        let read_only = ringfence_sandbox::facts::MountFlags { read_only: true, ..Default::default() };
        let all = findings_on(unit, &machine().mount_flags("/data", "ext4", read_only), 257);
        assert!(all.len() == 1 && *all[0].lint == HOST_READ_ONLY);
    }
}
