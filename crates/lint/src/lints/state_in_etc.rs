//! State below `/etc` or `/usr`.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::PathAccess;
use ringfence_terms::{AbsPath, Origin, Severity};

pub(crate) static STATE_IN_ETC: Lint = Lint {
    code: "RF403",
    name: "state-in-etc",
    severity: Severity::Note,
    versions: Versions::from(235),
    docs: Docs {
        what: "A path at or below `/etc` or `/usr` that a line opens for writing: `ReadWritePaths=`, or a `BindPaths=` that \
               leaves it writable.",
        why: "`/usr` belongs to packages and `/etc` to the administrator. A service that writes there keeps both from being \
              read-only for it, can change its own configuration or programs, and its state is lost or overwritten by \
              updates. What a service writes belongs below /var/lib, /var/cache, /var/log or /run, which \
              `StateDirectory=` and its kin make, give to its user, and leave writable.",
        example: "[Service]\nProtectSystem=full\nReadWritePaths=/etc/app\n",
        instead: "[Service]\nProtectSystem=full\nStateDirectory=app\n",
        reference: "file-hierarchy(7); systemd.exec(5), StateDirectory=",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let paths = &subject.settings.paths;
    let writable = paths.access(PathAccess::ReadWrite).map(|word| (word.origin.as_ref(), &word.value.path));
    let binds = paths.binds.iter().filter(|bind| !bind.value.read_only);
    let bound = binds.map(|bind| (bind.origin.as_ref(), &bind.value.source));
    for (origin, path) in writable.chain(bound) {
        let Some(origin) = origin else { continue };
        let base = ["/etc", "/usr"].into_iter().find(|base| path.as_path().starts_with(base));
        if let Some(base) = base.filter(|_| !path.as_path().starts_with("/usr/local")) {
            found(subject, report, origin, path, base);
        }
    }
}

fn found(subject: &Subject<'_>, report: &mut Report, origin: &Origin, path: &AbsPath, base: &str) {
    let place = subject.path_word(origin, path.as_path());
    if path.as_path() == std::path::Path::new(base) {
        report
            .add(place, format!("the service may change everything below {base}"))
            .help("name the files and directories below it that it has to change");
        return;
    }
    let what = if base == "/usr" { "which is for packages" } else { "which is for configuration" };
    report
        .add(place, format!("the service may write to {path}, below {base}, {what}"))
        .help("keep what it writes in a directory of its own, and point the service to it ($STATE_DIRECTORY)")
        .line(format!("StateDirectory={}", subject.settings.unit.prefix()));
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn only_what_is_opened_for_writing() {
        assert_eq!(found_by("RF403", "ProtectSystem=strict; ProtectHome=yes; ReadWritePaths=/srv /usr/share"), ["RF403 /usr/share"]);
        assert_eq!(found_by("RF403", "ReadOnlyPaths=/etc/app; BindReadOnlyPaths=/etc/app:/mnt; ConfigurationDirectory=app"), [""; 0]);
    }
}
