//! A line about a path below an inaccessible one.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{DropReason, Dropped};
use ringfence_terms::{Origin, Severity};

pub(crate) static HIDDEN_ANYWAY: Lint = Lint {
    code: "RF102",
    name: "hidden-anyway",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `BindPaths=`, `ReadWritePaths=`, `ReadOnlyPaths=` or another line, at or below a path that \
               `InaccessiblePaths=` or `ProtectHome=yes` closes.",
        why: "systemd drops every entry below an inaccessible path without a word. What the line was to open stays closed: \
              `ProtectHome=yes` with `BindPaths=/home/alice` shows no file of hers. `ProtectHome=tmpfs` takes binds.",
        example: "[Service]\nProtectHome=yes\nBindPaths=/home/alice\n",
        instead: "[Service]\nProtectHome=tmpfs\nBindPaths=/home/alice\n",
        reference: "systemd: src/core/namespace.c, drop_inaccessible()",
    },
    shown_by: &["row-19-home-yes-bind", "row-19-home-yes-rw", "one-directory-state-inaccessible"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for dropped in &subject.lenient().dropped {
        let (Some(origin), DropReason::Masked { by, origin: closing }) = (&dropped.origin, &dropped.why) else {
            continue;
        };
        if is_about_paths(origin) {
            found(subject, report, dropped, origin, by.as_path(), closing.as_ref());
        }
    }
}

/// Whether the line names paths itself; one that implies many entries, such as `ProtectSystem=`, does what it says all
/// the same.
pub(super) fn is_about_paths(origin: &Origin) -> bool {
    let name = &*origin.directive;
    name.ends_with("Paths") || name.ends_with("Directories") || name.ends_with("Directory") || name == "TemporaryFileSystem"
}

fn found(
    subject: &Subject<'_>,
    report: &mut Report,
    dropped: &Dropped,
    origin: &Origin,
    by: &std::path::Path,
    closing: Option<&Origin>,
) {
    let path = &dropped.path;
    let named = closing.map_or_else(String::new, |o| format!(" ({}={})", o.directive, o.value));
    let message = format!("this does nothing: {path} is not there, since {} is inaccessible{named}", by.display());
    let found = report
        .add(subject.path_word(origin, path.as_path()), message)
        .also(subject.whole_of(closing), "closes all below");
    match closing.map(|o| (&*o.directive, &*o.value)) {
        Some(("ProtectHome", _)) if origin.directive.starts_with("Bind") => {
            found.help("an empty home in memory takes binds").line("ProtectHome=tmpfs");
        }
        Some(("ProtectHome", _)) if origin.directive.starts_with("ReadWrite") => {
            found.help("a read-only home can have writable parts").line("ProtectHome=read-only");
        }
        Some(("ProtectHome", _)) if origin.directive.starts_with("Inaccessible") => {
            found.help("take the path out: ProtectHome= closes it already");
        }
        _ => {
            found.help("take the path out, or close less");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn lines_that_name_paths_and_no_others() {
        assert_eq!(found_by("RF102", "InaccessiblePaths=/srv; ReadOnlyPaths=/srv/app /data"), ["RF102 /srv/app"]);
        assert_eq!(found_by("RF102", "InaccessiblePaths=/usr/lib/modules /sys; ProtectKernelModules=yes; ProtectSystem=yes"), [""; 0]);
    }
}
