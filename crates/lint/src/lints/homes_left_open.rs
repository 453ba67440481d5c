//! `ProtectSystem=strict` without `ProtectHome=`.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::ProtectSystem;
use ringfence_terms::{AbsPath, AccessKind, Severity};

pub(crate) static HOMES_LEFT_OPEN: Lint = Lint {
    code: "RF210",
    name: "homes-left-open",
    severity: Severity::Warning,
    versions: Versions::from(232),
    docs: Docs {
        what: "`ProtectSystem=strict` in a service that may write to `/root` or `/home`, so most often one that runs as root.",
        why: "\"strict\" makes the whole tree read-only, but for the kernel's file systems and `/home`, `/root` and \
              `/run/user`: those are for `ProtectHome=` to close. The service can write to everybody's files, among them \
              `~/.ssh/authorized_keys` and shell profiles.",
        example: "[Service]\nProtectSystem=strict\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\n",
        reference: "systemd.exec(5), ProtectSystem=; systemd: src/core/namespace.c, protect_system_strict_table",
    },
    shown_by: &["row-12-strict"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let setting = &subject.settings.sandbox.protect_system;
    let Some(origin) = setting.origin.as_ref().filter(|_| setting.value == ProtectSystem::Strict) else { return };
    let open = ["/home", "/root"].iter().filter(|path| {
        let path = AbsPath::parse(path).ok();
        path.is_some_and(|path| subject.can(AccessKind::Write, &path) && !is_opened_by_a_line(subject, &path))
    });
    let open: Vec<&str> = open.copied().collect();
    if open.is_empty() {
        return;
    }
    report
        .add(
            subject.whole(origin),
            format!("{} stay writable: {}= leaves them to ProtectHome=", open.join(" and "), origin.directive),
        )
        .help("close them, unless the service is there to work on them")
        .line("ProtectHome=yes")
        .fix(Trust::Suggested, "add `ProtectHome=yes`", vec![Edit::insert(origin, "ProtectHome", "yes")]);
}

/// Whether the unit says itself that the path is to be writable.
fn is_opened_by_a_line(subject: &Subject<'_>, path: &AbsPath) -> bool {
    let here = subject.lenient().mounts.iter().filter(|entry| entry.path == *path);
    here.filter_map(|entry| entry.origin.as_ref()).any(|origin| *origin.directive != *"ProtectSystem")
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn who_may_not_write_there_has_nothing_to_close() {
        assert_eq!(found_by("RF210", "ProtectSystem=strict"), ["RF210 ProtectSystem=strict"]);
        assert_eq!(found_by("RF210", &fixed("ProtectSystem=strict")), [""; 0]);
        assert_eq!(found_by("RF210", "ProtectSystem=strict; User=app"), [""; 0]);
        assert_eq!(found_by("RF210", "ProtectSystem=strict; ReadWritePaths=/home /root"), [""; 0]);
    }
}
