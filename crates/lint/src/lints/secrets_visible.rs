//! Secrets of the machine in what a sandbox brings back.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::view::Shows;
use ringfence_terms::{AbsPath, AccessKind, Severity};

pub(crate) static SECRETS_VISIBLE: Lint = Lint {
    code: "RF402",
    name: "secrets-visible",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A service that hides most of the machine from itself (`TemporaryFileSystem=/`, `RootDirectory=`), or makes all \
               of it read-only and hides the homes (`ProtectSystem=strict`, `ProtectHome=`), and may still read the \
               machine's secrets: /etc/shadow, the host keys of ssh, /etc/ssl/private, root's keys.",
        why: "\"Read-only\" protects from changes, not from reading, and a bind of all of /etc brings the passwords along. A \
              service that is broken into gives them away. Found for services that may read these files, so most often \
              for those that run as root.",
        example: "[Service]\nTemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /lib64 /etc\n",
        instead: "[Service]\nTemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /lib64 /etc\nInaccessiblePaths=-/etc/shadow\n",
        reference: "systemd.exec(5), InaccessiblePaths=; file-hierarchy(7)",
    },
    shown_by: &[],
    check,
};

/// Files and directories that hold secrets on most machines.
const SECRETS: &[&str] = &[
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssl/private",
    "/root/.ssh",
    "/var/lib/systemd/credential.secret",
];

fn check(subject: &Subject<'_>, report: &mut Report) {
    let view = subject.view();
    let root = view.mount_at(&AbsPath::root());
    let Some(closing) = root.made_by.filter(|_| matches!(root.shows, Shows::New(_))) else { return };
    let secrets = SECRETS.iter().filter_map(|path| AbsPath::parse(path).ok());
    let visible: Vec<AbsPath> = secrets
        .filter(|path| subject.on_host(path).is_some() && subject.can(AccessKind::Read, path))
        .filter(|path| matches!(view.mount_at(path).shows, Shows::Host(_)))
        .collect();
    let mut lines: Vec<&ringfence_terms::Origin> = Vec::new();
    for path in &visible {
        let bringing = view.mount_at(path).made_by.and_then(|entry| entry.origin.as_ref());
        if let Some(origin) = bringing.filter(|origin| !lines.contains(origin)) {
            lines.push(origin);
        }
    }
    for origin in lines {
        let brought: Vec<String> = visible
            .iter()
            .filter(|path| view.mount_at(path).made_by.and_then(|entry| entry.origin.as_ref()) == Some(origin))
            .map(ToString::to_string)
            .collect();
        let Some(first) = visible.iter().find(|path| brought.contains(&path.to_string())) else { continue };
        let by = view.mount_at(first);
        report
            .add(
                subject.path_word(origin, by.point.as_path()),
                format!("this brings the machine's secrets along: {}", brought.join(", ")),
            )
            .also(subject.whole_of(closing.origin.as_ref()), "had hidden them")
            .help("bring back only what the service reads, or close these again")
            .line(format!("InaccessiblePaths=-{}", brought.join(" -")));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn who_may_not_read_them_is_no_danger() {
        let unit = "TemporaryFileSystem=/:ro; BindReadOnlyPaths=/usr /lib64 /etc";
        assert_eq!(found_by("RF402", unit), ["RF402 /etc"]);
        assert_eq!(found_by("RF402", &format!("{unit}; User=app")), [""; 0]);
    }
}
