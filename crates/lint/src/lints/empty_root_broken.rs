//! An empty file system over a root directory of the service's own, in systemd 248 and 249.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static EMPTY_ROOT_BROKEN: Lint = Lint {
    code: "RF314",
    name: "empty-root-broken",
    severity: Severity::Warning,
    versions: Versions { first: 248, last: Some(249) },
    docs: Docs {
        what: "`TemporaryFileSystem=/` together with `RootDirectory=`, for systemd 248 or 249.",
        why: "Up to 247 that gave an empty root with what `BindReadOnlyPaths=` brings into it. 248 fails to set the mounts up \
              (226/NAMESPACE), and with 249 the program is not found (203/EXEC).",
        example: "# with --systemd-version 249\n[Service]\nRootDirectory=/srv/app\nTemporaryFileSystem=/\nBindReadOnlyPaths=/usr\n",
        instead: "# with --systemd-version 249\n[Service]\nTemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr\n",
        reference: "systemd issue 20514",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let paths = &subject.settings.paths;
    if !EMPTY_ROOT_BROKEN.versions.include(subject.version) || paths.root_directory.value.is_none() {
        return;
    }
    let empty = paths.temporary.iter().find(|temporary| temporary.value.path.is_root());
    let Some(origin) = empty.and_then(|temporary| temporary.origin.as_ref()) else { return };
    let message = format!("systemd {} does not start a service with this and RootDirectory=", subject.version);
    report
        .add(subject.whole(origin), message)
        .also(subject.whole_of(paths.root_directory.origin.as_ref()), "an empty root needs no directory")
        .help("leave RootDirectory= out");
}

#[cfg(test)]
mod tests {
    use super::EMPTY_ROOT_BROKEN;
    use crate::testing::{findings_on, machine};

    #[test]
    fn two_versions_fail() {
        let found = |version| {
            let all = findings_on(EMPTY_ROOT_BROKEN.docs.example, &machine(), version);
            all.into_iter().any(|finding| *finding.lint == EMPTY_ROOT_BROKEN)
        };
        assert_eq!([247, 248, 249, 250, 257].map(found), [false, true, true, false, false]);
    }
}
