//! Who is to blame: cause, place and line of a verdict.

use crate::unit::service;
use ringfence_sandbox::decide::{Cause, Credentials, Verdict, decide};
use ringfence_sandbox::facts::MountFlags;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_terms::{Access, AccessKind, Errno};

fn verdict(lines: &str, facts: &FakeFacts, kind: AccessKind, path: &str) -> Verdict {
    let settings = service(lines);
    let plan = Plan::of(&settings, facts, &For::main(), Mode::Faithful);
    assert_eq!(plan.failure, None, "{lines}");
    let access = Access { path: path.parse().expect("a path"), kind };
    decide(&View::of(&plan, facts), &Credentials::of(&settings, facts), &access)
}

fn machine() -> FakeFacts {
    FakeFacts::debian()
        .user("www", 33, 33)
        .member("www", 42)
        .dir("/srv/www")
        .file("/srv/www/page")
        .file("/srv/mine")
        .owned("/srv/mine", 33, 33, 0o600)
        .symlink("/srv/link", "/etc/shadow")
        .file("/home/alice/notes")
        .mount_flags("/mnt/cd", "iso9660", MountFlags { read_only: true, ..MountFlags::default() })
        .file("/mnt/cd/x")
}

#[test]
fn a_denial_names_its_cause_its_place_and_its_line() {
    use AccessKind::{Create, Execute, Read, Stat, Write};
    let facts = machine();
    for (lines, kind, path, errno, cause, at, directive) in [
        (
            "ProtectSystem=strict; NoExecPaths=/",
            Execute,
            "/bin/true",
            Errno::EACCES,
            Cause::NoExecMount,
            "/usr/bin/true",
            "NoExecPaths",
        ),
        (
            "BindPaths=/etc:/srv; ReadOnlyPaths=/srv",
            Write,
            "/srv/passwd",
            Errno::EROFS,
            Cause::ReadOnlyMount,
            "/srv/passwd",
            "ReadOnlyPaths",
        ),
        (
            "ProtectSystem=full",
            Write,
            "/etc/passwd",
            Errno::EROFS,
            Cause::ReadOnlyMount,
            "/etc/passwd",
            "ProtectSystem",
        ),
        (
            "ProtectSystem=strict; ReadWritePaths=/",
            Create,
            "/srv/x",
            Errno::EROFS,
            Cause::ReadOnlyMount,
            "/srv",
            "ProtectSystem",
        ),
        (
            "ProtectHome=yes",
            Read,
            "/home/alice/notes",
            Errno::ENOENT,
            Cause::Inaccessible,
            "/home/alice",
            "ProtectHome",
        ),
        (
            "ProtectHome=yes; User=www",
            Read,
            "/home/alice/notes",
            Errno::EACCES,
            Cause::Inaccessible,
            "/home",
            "ProtectHome",
        ),
        (
            "ProtectHome=tmpfs",
            Stat,
            "/home/alice",
            Errno::ENOENT,
            Cause::Hidden,
            "/home/alice",
            "ProtectHome",
        ),
        (
            "TemporaryFileSystem=/srv",
            Read,
            "/srv/www/page",
            Errno::ENOENT,
            Cause::Hidden,
            "/srv/www",
            "TemporaryFileSystem",
        ),
        (
            "NoExecPaths=/usr",
            Execute,
            "/bin/true",
            Errno::EACCES,
            Cause::NoExecMount,
            "/usr/bin/true",
            "NoExecPaths",
        ),
        (
            "PrivateDevices=yes",
            Read,
            "/dev/kmsg",
            Errno::ENOENT,
            Cause::Hidden,
            "/dev/kmsg",
            "PrivateDevices",
        ),
        (
            "PrivateDevices=yes; BindPaths=/dev/kmsg",
            Read,
            "/dev/kmsg",
            Errno::EPERM,
            Cause::Device,
            "/dev/kmsg",
            "PrivateDevices",
        ),
        (
            "InaccessiblePaths=/etc/passwd; User=www",
            Read,
            "/etc/passwd",
            Errno::EACCES,
            Cause::Inaccessible,
            "/etc/passwd",
            "InaccessiblePaths",
        ),
        ("", Write, "/mnt/cd/x", Errno::EROFS, Cause::HostReadOnly, "/mnt/cd/x", ""),
        ("", Read, "/nope", Errno::ENOENT, Cause::Missing, "/nope", ""),
        ("", Create, "/etc/passwd", Errno::EEXIST, Cause::Kind, "/etc/passwd", ""),
        ("", Read, "/etc/passwd/x", Errno::ENOTDIR, Cause::Kind, "/etc/passwd", ""),
        ("User=www", Write, "/etc/passwd", Errno::EACCES, Cause::Permissions, "/etc/passwd", ""),
        ("User=www", Read, "/root/x", Errno::EACCES, Cause::Permissions, "/root", ""),
        ("CapabilityBoundingSet=", Read, "/srv/mine", Errno::EACCES, Cause::Permissions, "/srv/mine", ""),
        (
            "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
            Write,
            "/srv/mine",
            Errno::EACCES,
            Cause::Permissions,
            "/srv/mine",
            "",
        ),
        ("PrivateUsers=yes", Read, "/srv/mine", Errno::EACCES, Cause::Permissions, "/srv/mine", ""),
        ("", Execute, "/etc/passwd", Errno::EACCES, Cause::Permissions, "/etc/passwd", ""),
    ] {
        let verdict = verdict(lines, &facts, kind, path);
        let Verdict::Denied { errno: found, because } = &verdict else {
            panic!("{lines}: {kind} {path}: {verdict:?}")
        };
        let directive_found = because.origin.as_ref().map_or("", |origin| &origin.directive);
        assert_eq!(
            (*found, because.cause, because.at.to_string().as_str(), directive_found),
            (errno, cause, at, directive),
            "{lines}: {kind} {path}: {}",
            because.reason
        );
    }
}

#[test]
fn what_works_works() {
    use AccessKind::{Create, Execute, Read, Write};
    let facts = machine();
    for (lines, kind, path) in [
        ("", Write, "/etc/shadow"),
        ("User=www", Read, "/srv/link"),
        ("User=www", Write, "/srv/mine"),
        ("User=www; ProtectSystem=strict; PrivateTmp=yes", Create, "/tmp/x"),
        ("User=www; ProtectSystem=strict; StateDirectory=a", Create, "/var/lib/a/x"),
        ("DynamicUser=yes; StateDirectory=a", Create, "/var/lib/a/x"),
        ("User=www; AmbientCapabilities=CAP_DAC_OVERRIDE", Write, "/etc/passwd"),
        ("CapabilityBoundingSet=CAP_DAC_READ_SEARCH", Read, "/srv/mine"),
        ("ProtectSystem=strict; ReadWritePaths=/srv", Create, "/srv/new"),
        ("ProtectSystem=strict", Write, "/dev/null"),
        ("PrivateDevices=yes", Write, "/dev/null"),
        ("InaccessiblePaths=/etc/passwd", Read, "/etc/passwd"),
        ("NoExecPaths=/; ExecPaths=/usr", Execute, "/bin/true"),
        ("ReadOnlyPaths=/", Write, "/run/systemd/notify"),
    ] {
        let verdict = verdict(lines, &facts, kind, path);
        assert!(verdict.is_allowed(), "{lines}: {kind} {path}: {verdict:?}");
    }
}

#[test]
fn what_cannot_be_known_is_said() {
    let facts = machine().with_acl("/srv/www/page").unreadable("/srv/fuse", Errno::EACCES);
    for (lines, kind, path) in [
        ("User=www", AccessKind::Write, "/srv/www/page"),
        ("", AccessKind::Read, "/srv/fuse/x"),
        ("", AccessKind::Read, "/proc/self/environ"),
        ("DevicePolicy=closed; DeviceAllow=char-mem r", AccessKind::Read, "/dev/kmsg"),
        ("BindPaths=/mnt:/opt:norbind", AccessKind::Read, "/opt/cd/x"),
    ] {
        let verdict = verdict(lines, &facts, kind, path);
        assert!(matches!(verdict, Verdict::Undecidable(_)), "{lines}: {kind} {path}: {verdict:?}");
    }
    assert!(verdict("", &facts, AccessKind::Write, "/srv/www/page").is_allowed(), "root needs no list");
}
