//! An automount point below a read-only tree.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::MountMode;
use ringfence_terms::Severity;

pub(crate) static AUTOMOUNT_NOT_COVERED: Lint = Lint {
    code: "RF215",
    name: "automount-not-covered",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A read-only tree (`ProtectSystem=`, `ReadOnlyPaths=`) with an automount point of this machine below it.",
        why: "systemd makes the mounts read-only that are there when the service starts, and leaves automount points out. A \
              file system that is mounted there later comes with the flags that it has on the host, so the service can \
              write to it as far as owners and modes allow.",
        example: "# /net is an automount point\n[Service]\nProtectSystem=strict\nProtectHome=yes\n",
        instead: "# /net is an automount point\n[Service]\nProtectSystem=strict\nProtectHome=yes\nInaccessiblePaths=/net\n",
        reference: "systemd: src/shared/mount-util.c, bind_remount_recursive_with_mountinfo(); systemd issue 9857",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    let points = subject.facts().mounts().all().iter().filter(|mount| mount.fs_type == "autofs");
    for point in points.map(|mount| &mount.path) {
        // The nearest entry decides; one on the point itself is no tree around it.
        let nearest = plan.mounts.iter().rfind(|entry| point.is_at_or_below(&entry.path));
        let above = nearest.filter(|above| {
            let shown = !matches!(above.mode, MountMode::Inaccessible);
            shown && above.path != *point && above.read_only_reaches_down()
        });
        let Some(above) = above else { continue };
        let Some(origin) = above.origin.as_ref() else { continue };
        let message = format!(
            "{point} is an automount point: what is mounted there later is not read-only, in spite of {}={}",
            origin.directive, origin.value
        );
        report
            .add(subject.whole(origin), message)
            .help(format!("hide it, or have it mounted first: RequiresMountsFor={point} in [Unit]"))
            .line(format!("InaccessiblePaths={point}"));
    }
}

#[cfg(test)]
mod tests {
    use super::AUTOMOUNT_NOT_COVERED;
    use crate::testing::{findings_on, machine};

    #[test]
    fn only_below_a_tree_that_is_read_only() {
        let found = |unit: &str, at: &str| {
            let all = findings_on(unit, &machine().mount(at, "autofs"), 257);
            all.into_iter().filter(|finding| *finding.lint == AUTOMOUNT_NOT_COVERED).count()
        };
        assert_eq!(found("ProtectSystem=strict; ProtectHome=yes", "/net"), 1);
        assert_eq!(found("ProtectSystem=strict; ProtectHome=yes; ReadWritePaths=/net", "/net"), 0);
        assert_eq!(found("ProtectSystem=full; ProtectHome=yes", "/net"), 0);
        assert_eq!(found("ProtectSystem=strict; ProtectHome=yes", "/home/a"), 0);
        assert_eq!(found("ProtectSystem=strict; ProtectHome=yes", "/proc/sys/fs/binfmt_misc"), 0);
    }
}
