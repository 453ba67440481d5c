//! A mount namespace that cannot be set up, for another reason than a missing path.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::Failure;
use ringfence_terms::Severity;

pub(crate) static SETUP_FAILS: Lint = Lint {
    code: "RF304",
    name: "setup-fails",
    severity: Severity::Error,
    versions: Versions::from(248),
    docs: Docs {
        what: "Mounts that systemd cannot make on this machine: a directory bound onto a file, a mount option that tmpfs does \
               not know, a path that `ProtectSystem=full` needs and `TemporaryFileSystem=/` hides, a missing \
               `RootDirectory=`.",
        why: "The service fails to start with 226/NAMESPACE, and the log does not say which line asked for the mount.",
        example: "[Service]\nTemporaryFileSystem=/srv:sise=10M\n",
        instead: "[Service]\nTemporaryFileSystem=/srv:size=10M\n",
        reference: "systemd: src/core/namespace.c, apply_one_mount()",
    },
    shown_by: &[
        "one-tmpfs-options-unknown",
        "row-04-tmpfs-root-full",
        "one-bind-type-mismatch",
        "one-root-missing",
        "seed-40-40",
    ],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    // A path that this host lacks is RF301's. What the host has may still be missing where the service's mounts are made.
    let elsewhere = |failure: &&Failure| failure.path.as_ref().is_some_and(|path| subject.on_host(path).is_some());
    let strict = || subject.plan().failure.as_ref().filter(elsewhere);
    let Some(failure) = subject.lenient().failure.as_ref().or_else(strict) else { return };
    let message = format!("{}; the service fails to start with {}", failure.why.trim_end_matches('.'), failure.status);
    match &failure.origin {
        Some(origin) => {
            let place = match &failure.path {
                Some(path) => subject.path_word(origin, path.as_path()),
                None => subject.whole(origin),
            };
            report.add(place, message);
        }
        None => {
            if let Some(place) = subject.unit_itself() {
                report.add(place, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn what_cannot_be_mounted_is_underlined() {
        assert_eq!(found_by("RF304", "BindPaths=/data:/etc/passwd /srv:/mnt"), ["RF304 /data:/etc/passwd"]);
        assert_eq!(found_by("RF304", "TemporaryFileSystem=/srv:size=10M,mode=0700,nosuid"), [""; 0]);
    }
}
