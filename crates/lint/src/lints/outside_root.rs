//! Host paths with `RootDirectory=`, which are dropped in silence.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_sandbox::plan::DropReason;
use ringfence_terms::Severity;

pub(crate) static OUTSIDE_ROOT: Lint = Lint {
    code: "RF207",
    name: "outside-root",
    severity: Severity::Warning,
    versions: Versions::from(231),
    docs: Docs {
        what: "A path of `ReadOnlyPaths=`, `InaccessiblePaths=`, `ReadWritePaths=`, `ExecPaths=` or `NoExecPaths=` without \
               `+`, in a service with `RootDirectory=`, that does not lie below that directory.",
        why: "Without `+` the path is one of the host, and systemd drops without a word what lies outside the service's \
              root: with `RootDirectory=/srv/app` a line `ReadOnlyPaths=/etc` protects nothing.",
        example: "[Service]\nRootDirectory=/srv/app\nExecStart=/usr/bin/app\nReadOnlyPaths=/etc\n",
        instead: "[Service]\nRootDirectory=/srv/app\nExecStart=/usr/bin/app\nReadOnlyPaths=+/etc\n",
        reference: "systemd.exec(5), ReadWritePaths=; systemd: src/core/namespace.c, drop_outside_root()",
    },
    shown_by: &["one-root-host-paths-dropped"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let root = &subject.settings.paths.root_directory;
    let Some(root_path) = &root.value else { return };
    for dropped in &subject.lenient().dropped {
        let (Some(origin), DropReason::OutsideRoot) = (&dropped.origin, &dropped.why) else { continue };
        let path = &dropped.path;
        let Some(word) = raw::word_of_path(&origin.value, path.as_path(), &subject.unit.specifiers) else {
            continue;
        };
        let text = &origin.value[word.clone()];
        let meant = match text.strip_prefix('-') {
            Some(rest) => format!("-+{rest}"),
            None => format!("+{text}"),
        };
        report
            .add(
                subject.range(origin, word.clone()),
                format!("this does nothing: {path} of the host lies outside RootDirectory={root_path}"),
            )
            .also(subject.whole_of(root.origin.as_ref()), "the service's root")
            .help("`+` means a path below the service's root")
            .line(format!("{}={meant}", origin.directive))
            .fix(
                Trust::Suggested,
                format!("write `{meant}`"),
                vec![Edit::value(origin, raw::replaced(&origin.value, &word, &meant))],
            );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn each_word_gets_its_plus() {
        let unit = "RootDirectory=/srv/app; ReadOnlyPaths=/srv/app/data -/etc";
        let ours: Vec<String> = found_by("RF207", unit).into_iter().filter(|f| f.starts_with("RF207")).collect();
        assert_eq!(ours, ["RF207 -/etc"]);
        assert!(fixed(unit).contains("\nReadOnlyPaths=/srv/app/data -+/etc\n"));
    }
}
