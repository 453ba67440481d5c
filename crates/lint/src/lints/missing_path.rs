//! A path that is not there, without which the service does not start.

use crate::booted::is_volatile;
use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_settings::PathAccess;
use ringfence_terms::{AbsPath, Origin, Severity};

pub(crate) static MISSING_PATH: Lint = Lint {
    code: "RF301",
    name: "missing-path",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `ReadWritePaths=` and its kin, or a source of `BindPaths=` and `BindReadOnlyPaths=`, that does not \
               exist on this machine and has no `-`.",
        why: "systemd cannot set up the service's mount namespace: the service fails to start with 226/NAMESPACE, and the \
              log names the path but not the line. A directory that belongs to the service is better made by systemd \
              itself, with the right owner, before it starts: `StateDirectory=`, `LogsDirectory=` and their kin. Of a tree \
              that is not running, paths below /run, /dev, /proc, /sys and /tmp are not looked for.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/var/lib/application\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nStateDirectory=application\n",
        reference: "systemd.exec(5), ReadWritePaths= and StateDirectory=; systemd issues 9296, 10972 and 14608",
    },
    shown_by: &["one-missing-ro", "one-missing-bind-source"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let paths = &subject.settings.paths;
    let dropped = &subject.lenient().dropped;
    let gone = |origin: &Origin, path: &AbsPath| {
        dropped.iter().any(|d| d.origin.as_ref() == Some(origin) && d.path == *path)
    };
    for entry in &paths.access {
        let Some(origin) = entry.origin.as_ref() else { continue };
        let word = &entry.value;
        let path = match (&paths.root_directory.value, word.in_root) {
            (Some(root), true) => word.path.rebase(&AbsPath::root(), root).unwrap_or_else(|| word.path.clone()),
            _ => word.path.clone(),
        };
        if !word.optional && is_missing(subject, &path) && !gone(origin, &word.path) {
            let better = match word.access {
                PathAccess::ReadWrite => directory_setting(&path),
                _ => None,
            };
            found(subject, report, origin, &word.path, better);
        }
    }
    for bind in paths.binds.iter().filter(|bind| !bind.value.optional) {
        let Some(origin) = bind.origin.as_ref() else { continue };
        if is_missing(subject, &bind.value.source) && !gone(origin, &bind.value.destination) {
            let own = bind.value.source == bind.value.destination && !bind.value.read_only;
            let better = if own { directory_setting(&bind.value.source) } else { None };
            found(subject, report, origin, &bind.value.source, better);
        }
    }
}

/// Whether a path is neither on the host nor made before the service starts.
pub(super) fn is_missing(subject: &Subject<'_>, path: &AbsPath) -> bool {
    subject.knows(path) && (subject.booted || !is_volatile(path)) && subject.on_host(path).is_none()
}

fn found(subject: &Subject<'_>, report: &mut Report, origin: &Origin, path: &AbsPath, better: Option<String>) {
    let message = format!("{path} does not exist, and the service fails to start with 226/NAMESPACE");
    let found = report.add(subject.path_word(origin, path.as_path()), message);
    let Some(word) = raw::word_of_path(&origin.value, path.as_path(), &subject.unit.specifiers) else { return };
    if let Some(line) = better {
        found.help("let systemd make the directory, with the service's user as its owner").line(line);
        return;
    }
    let fix = Edit::value(origin, raw::replaced(&origin.value, &(word.start..word.start), "-"));
    found.help("create it, or write a `-` before it if it may be missing").fix(
        Trust::Suggested,
        "write a `-` before it",
        vec![fix],
    );
}

/// The setting that makes a directory: `StateDirectory=app` for `/var/lib/app`.
fn directory_setting(path: &AbsPath) -> Option<String> {
    let families = [
        ("/run", "RuntimeDirectory"),
        ("/var/lib", "StateDirectory"),
        ("/var/cache", "CacheDirectory"),
        ("/var/log", "LogsDirectory"),
    ];
    families.iter().find_map(|(base, directive)| {
        let rest = path.as_path().strip_prefix(base).ok()?.to_str()?;
        let fits = !rest.is_empty() && !rest.starts_with("private");
        fits.then(|| format!("{directive}={rest}"))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, fixed, found_by};

    #[test]
    fn every_missing_path_is_told_of_not_only_the_first() {
        let unit = "ReadOnlyPaths=/a /etc +/b -/c; BindReadOnlyPaths=/d:/e -/f:/g; PrivateTmp=yes";
        assert_eq!(found_by("RF301", unit), ["RF301 /a", "RF301 +/b", "RF301 /d:/e"]);
        assert!(fixed(unit).contains("\nReadOnlyPaths=-/a /etc +/b -/c\n"));
    }

    #[test]
    fn what_systemd_makes_first_is_there() {
        assert_eq!(found_by("RF301", "ProtectSystem=strict; ProtectHome=yes; StateDirectory=x; ReadWritePaths=/var/lib/x"), [""; 0]);
        let all = findings("ProtectSystem=strict; ProtectHome=yes; ReadWritePaths=/var/log/x");
        assert_eq!(all[0].lines, ["LogsDirectory=x"]);
    }
}
