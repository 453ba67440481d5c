//! Fixes: which lines are offered, in which order, and that nothing broader is.

use crate::unit::unit;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::fix::fixes;
use ringfence_sandbox::plan::{For, Mode};
use ringfence_terms::{Access, AccessKind};

fn machine() -> FakeFacts {
    FakeFacts::debian()
        .user("www", 33, 33)
        .dir("/var/lib/shared")
        .owned("/var/lib/shared", 7, 7, 0o755)
        .dir("/var/lib/x")
        .file("/etc/x.conf")
        .file("/srv/www/page")
        .file("/srv/www/run")
        .owned("/srv/www/run", 0, 0, 0o755)
        .file("/srv/secret")
        .owned("/srv/secret", 0, 8, 0o640)
        .file("/srv/mine")
        .owned("/srv/mine", 33, 33, 0o600)
        .file("/home/alice/notes")
}

/// The lines of every fix, one text for each.
fn offered(lines: &str, kind: AccessKind, path: &str) -> Vec<String> {
    let unit =
        unit("x.service", &format!("[Service]\nExecStart=/usr/bin/true\n{}", lines.replace("; ", "\n")));
    let access = Access { path: path.parse().expect("a path"), kind };
    let all = fixes(&unit, &machine(), &For::main(), Mode::Faithful, &access);
    all.into_iter().map(|fix| fix.lines.join("; ")).collect()
}

#[test]
fn the_narrowest_lines_come_first() {
    use AccessKind::{Create, Execute, Read, Write};
    let mut wrong = Vec::new();
    for (lines, kind, path, expected) in [
        (
            "ProtectSystem=strict",
            Create,
            "/var/lib/x/db",
            &["StateDirectory=x", "ReadWritePaths=/var/lib/x"][..],
        ),
        ("ProtectSystem=strict", Create, "/var/lib/new", &["StateDirectory=new", "ReadWritePaths=/var/lib"]),
        ("ProtectSystem=strict", Create, "/var/lib/shared/a", &["ReadWritePaths=/var/lib/shared"]),
        ("ProtectSystem=strict", Create, "/run/x/pid", &["RuntimeDirectory=x"]),
        ("ProtectSystem=strict", Create, "/run/x.pid", &["ReadWritePaths=/run"]),
        ("ProtectSystem=strict", Create, "/tmp/a", &["PrivateTmp=yes", "ReadWritePaths=/tmp"]),
        ("ProtectSystem=full", Write, "/etc/x.conf", &["ReadWritePaths=/etc/x.conf"]),
        ("ProtectSystem=strict; ReadOnlyPaths=-/opt /srv/www", Create, "/srv/www/a", &[]),
        ("ReadOnlyPaths=-/opt /srv/www", Create, "/srv/www/a", &["ReadOnlyPaths=; ReadOnlyPaths=-/opt"]),
        ("TemporaryFileSystem=/srv", Read, "/srv/www/page", &["BindReadOnlyPaths=/srv/www/page"]),
        ("TemporaryFileSystem=/srv", Create, "/srv/www/new", &["BindPaths=/srv/www"]),
        ("TemporaryFileSystem=/var", Create, "/var/lib/x/a", &["StateDirectory=x", "BindPaths=/var/lib/x"]),
        (
            "ProtectHome=yes",
            Read,
            "/home/alice/notes",
            &["ProtectHome=tmpfs; BindReadOnlyPaths=/home/alice/notes", "ProtectHome=read-only"],
        ),
        ("ProtectHome=tmpfs", Read, "/home/alice/notes", &["BindReadOnlyPaths=/home/alice/notes"]),
        ("InaccessiblePaths=/etc/passwd; User=www", Read, "/etc/passwd", &["InaccessiblePaths="]),
        (
            "NoExecPaths=/srv",
            Execute,
            "/srv/www/run",
            &["ExecPaths=/srv/www/run", "ExecPaths=/srv/www/run; BindReadOnlyPaths=/srv/www/run"],
        ),
        (
            "ProtectSystem=strict; NoExecPaths=/",
            Execute,
            "/srv/www/run",
            &["ExecPaths=/srv/www/run; BindReadOnlyPaths=/srv/www/run"],
        ),
        ("User=www", Read, "/srv/secret", &["SupplementaryGroups=8"]),
        ("User=www", Create, "/var/lib/x/a", &["StateDirectory=x"]),
        ("User=www", Create, "/var/lib/shared/a", &[]),
        ("CapabilityBoundingSet=CAP_CHOWN", Read, "/var/lib/shared/a", &[]),
        (
            "CapabilityBoundingSet=CAP_CHOWN",
            Read,
            "/srv/mine",
            &["CapabilityBoundingSet=CAP_DAC_READ_SEARCH"],
        ),
        ("PrivateDevices=yes", Read, "/dev/kmsg", &["BindPaths=/dev/kmsg; DeviceAllow=/dev/kmsg r"]),
        ("ProtectSystem=strict", Read, "/etc/passwd", &[]),
        ("", Read, "/nope", &[]),
    ] {
        let found = offered(lines, kind, path);
        if found != expected {
            wrong.push(format!("{lines}: {kind} {path}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
