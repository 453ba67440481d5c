//! A writable path that the service's user may not write to anyway.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::decide::{Cause, Verdict, decide};
use ringfence_sandbox::facts::NodeKind;
use ringfence_settings::{PathAccess, Privileges};
use ringfence_terms::{AbsPath, Access, AccessKind, Origin, Severity};

pub(crate) static USER_CANNOT_USE: Lint = Lint {
    code: "RF307",
    name: "user-cannot-use",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `ReadWritePaths=` or `BindPaths=` that belongs to somebody else, in a service with `User=`, so that \
               the service's user can make nothing in it.",
        why: "These lines take the sandbox's read-only flag away; they give no permission. Owner and mode of the path decide \
              as ever, and writing fails with EACCES. `StateDirectory=` and its kin make the directory with the right \
              owner. Not found where a command runs as root (`+`, `!`), or an access control list adds to the mode.",
        example: "[Service]\nUser=app\nProtectSystem=strict\nReadWritePaths=/srv/www\n",
        instead: "[Service]\nUser=app\nProtectSystem=strict\nStateDirectory=app\n",
        reference: "systemd.exec(5), ReadWritePaths=: \"the access mode … is not altered\"",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let service = &subject.settings.service;
    let all_as_user = service.commands().all(|command| command.privileges == Privileges::Sandboxed);
    if subject.acts_as_root() || !all_as_user || service.permissions_start_only.value || !knows_user(subject) {
        return;
    }
    let paths = &subject.settings.paths;
    for word in paths.access(PathAccess::ReadWrite) {
        if let Some(origin) = &word.origin {
            look(subject, report, origin, &word.value.path);
        }
    }
    for bind in paths.binds.iter().filter(|bind| !bind.value.read_only) {
        if let Some(origin) = &bind.origin {
            look(subject, report, origin, &bind.value.destination);
        }
    }
}

/// Whether the service's user is known on this machine: the files of an unknown one may well get their owner later.
fn knows_user(subject: &Subject<'_>) -> bool {
    let user = subject.settings.identity.user.value.as_deref();
    user.is_some_and(|name| subject.facts().user(name).is_some())
}

fn look(subject: &Subject<'_>, report: &mut Report, origin: &Origin, path: &AbsPath) {
    let access = Access { path: path.clone(), kind: AccessKind::Write };
    let Verdict::Denied { because, .. } = decide(&subject.view(), &subject.who(), &access) else { return };
    if because.cause != Cause::Permissions {
        return;
    }
    let user = subject.settings.identity.user.value.as_deref().unwrap_or("the service's user");
    let is_directory = subject.on_host(path).is_some_and(|node| node.kind == NodeKind::Directory);
    let what = if is_directory { "make or remove anything in" } else { "write to" };
    let found = report
        .add(subject.path_word(origin, path.as_path()), format!("{user} cannot {what} {path}, whatever this line says"))
        .note(because.reason);
    if is_directory && because.at == *path {
        found
            .note("files that lie in it already and belong to the user can be written")
            .help("give it to the user (chown, tmpfiles.d(5)), or let systemd make it: StateDirectory= and its kin");
    } else {
        found.help("change its owner or mode; the sandbox cannot");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn owner_and_mode_decide() {
        let with = |line: &str| found_by("RF307", &format!("User=app; ProtectSystem=strict; {line}"));
        assert_eq!(with("ReadWritePaths=/var/lib/app /data"), ["RF307 /data"]);
        assert_eq!(with("ReadWritePaths=/data; ExecStartPre=+/usr/bin/mkdir /data/x"), [""; 0]);
        assert_eq!(found_by("RF307", "ProtectSystem=strict; ProtectHome=yes; ReadWritePaths=/data"), [""; 0]);
    }
}
