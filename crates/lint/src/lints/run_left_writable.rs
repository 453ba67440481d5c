//! `/run` below `ProtectSystem=strict`, writable because the kernel's file systems are mounted.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_terms::{AccessKind, Severity};

pub(crate) static RUN_LEFT_WRITABLE: Lint = Lint {
    code: "RF204",
    name: "run-left-writable",
    severity: Severity::Warning,
    versions: Versions::from(248),
    docs: Docs {
        what: "`ProtectSystem=strict` (or another read-only tree around `/run`) with a directive that mounts the kernel's \
               file systems: `ProtectControlGroups=`, `ProtectKernelTunables=`, `ProtectProc=`, `ProcSubset=`, \
               `PrivatePIDs=`, `MountAPIVFS=yes`. Found where the service's user may write to `/run`, so most often for root.",
        why: "These directives add an entry for `/run`. On a running host `/run` is a mount point already and the entry \
              does nothing, but the read-only tree above spares it: the service can write to the host's `/run`, \
              and to the sockets and files of other services in it.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nProtectControlGroups=yes\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nProtectControlGroups=yes\nReadOnlyPaths=/run\n",
        reference: "systemd: src/core/namespace.c, apivfs_table and make_read_only()",
    },
    shown_by: &[
        "row-15-strict-api",
        "row-15-strict-control-groups",
        "row-15-strict-pids",
        "row-15-strict-proc-subset",
        "row-15-strict-protect-proc",
        "row-15-strict-tunables",
    ],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for entry in &subject.lenient().mounts {
        let (MountMode::Run, Outcome::AlreadyMountPoint) = (&entry.mode, entry.outcome) else { continue };
        let Some(above) = subject.entry_above(&entry.path).filter(|above| above.read_only_reaches_down()) else {
            continue;
        };
        let Some(strict) = above.origin.as_ref() else { continue };
        if !subject.can(AccessKind::Write, &entry.path) {
            continue;
        }
        let cause = entry.origin.as_ref().unwrap_or(strict);
        let message = format!("{}= leaves the host's /run writable, in spite of {}={}", cause.directive, strict.directive, strict.value);
        report
            .add(subject.whole(cause), message)
            .also(subject.whole_of(Some(strict)), "does not reach /run")
            .help("say it for /run by itself; a RuntimeDirectory= stays writable")
            .line("ReadOnlyPaths=/run")
            .fix(
                Trust::Suggested,
                "add `ReadOnlyPaths=/run`",
                vec![Edit::insert(strict, "ReadOnlyPaths", "/run")],
            );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn the_line_that_mounts_it_is_underlined() {
        let unit = "ProtectSystem=strict; ProtectHome=yes; ProtectProc=invisible";
        assert_eq!(found_by("RF204", unit), ["RF204 ProtectProc=invisible"]);
        assert_eq!(found_by("RF204", &fixed(unit)), [""; 0]);
    }

    #[test]
    fn a_user_without_rights_on_run_gains_nothing() {
        assert_eq!(found_by("RF204", "User=app; ProtectSystem=strict; ProtectProc=invisible"), [""; 0]);
    }
}
