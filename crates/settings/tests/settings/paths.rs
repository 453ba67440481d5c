//! Path lists, binds, temporary file systems, directories.

use crate::lines::{clean, service};
use ringfence_settings::{DirectoryKind, PathAccess, WorkingDirectoryTarget};

/// The entries of one directive as they would be written again.
fn shown(lines: &str, directive: &str) -> Vec<String> {
    let (settings, _) = service(lines);
    settings.explicit().into_iter().filter(|s| s.directive.name == directive).map(|s| s.value).collect()
}

#[test]
fn path_lists_append_and_reset() {
    let settings = clean("ReadOnlyPaths=/a -/b\nReadOnlyPaths=-+/c//d/\nReadWritePaths=+/e\n");
    let read_only: Vec<_> = settings.paths.access(PathAccess::ReadOnly).collect();
    assert_eq!(read_only.iter().map(|p| p.value.path.to_string()).collect::<Vec<_>>(), ["/a", "/b", "/c/d"]);
    assert_eq!(
        read_only.iter().map(|p| (p.value.optional, p.value.in_root)).collect::<Vec<_>>(),
        [(false, false), (true, false), (true, true)]
    );
    assert_eq!(read_only[2].origin.as_ref().map(|o| o.line), Some(4));
    let lines = "ReadOnlyPaths=/a\nReadWritePaths=/b\nReadOnlyPaths=\nReadOnlyDirectories=/c\n";
    assert_eq!(shown(lines, "ReadOnlyPaths"), ["/c"]);
    assert_eq!(shown(lines, "ReadWritePaths"), ["/b"]);
}

#[test]
fn a_wrong_path_is_dropped_and_the_line_goes_on() {
    for (line, left) in [
        ("InaccessiblePaths=/h/../i /ok", vec!["/ok"]),
        ("InaccessiblePaths=relative /ok", vec!["/ok"]),
        ("InaccessiblePaths=+-/x /ok", vec!["/ok"]),
        ("InaccessiblePaths=/%z /ok", vec!["/ok"]),
        ("InaccessiblePaths=/ok \"/open", vec!["/ok"]),
        ("InaccessiblePaths=%t/%p", vec!["/run/x"]),
        ("InaccessiblePaths=/../up", vec!["/up"]),
        ("InaccessiblePaths=\"/a b\" /c\\ d", vec!["\"/a b\"", "\"/c d\""]),
    ] {
        assert_eq!(shown(line, "InaccessiblePaths"), left, "{line}");
        let (_, complaints) = service(line);
        assert_eq!(complaints.len(), usize::from(left == ["/ok"]), "{line}: {complaints:?}");
    }
}

#[test]
fn both_bind_directives_share_one_list() {
    let settings = clean("BindPaths=/a -/b:/c /d:/e:norbind\nBindReadOnlyPaths=/f:/g:rbind\n");
    let binds: Vec<_> = settings
        .paths
        .binds
        .iter()
        .map(|b| {
            let b = &b.value;
            (b.source.to_string(), b.destination.to_string(), b.read_only, b.recursive, b.optional)
        })
        .collect();
    assert_eq!(
        binds,
        [
            ("/a".into(), "/a".into(), false, true, false),
            ("/b".into(), "/c".into(), false, true, true),
            ("/d".into(), "/e".into(), false, false, false),
            ("/f".into(), "/g".into(), true, true, false),
        ]
    );
    assert!(clean("BindPaths=/a\nBindReadOnlyPaths=\n").paths.binds.is_empty());
    assert_eq!(shown("BindPaths=/a:/b:ro /c", "BindPaths"), ["/c"]);
    assert_eq!(shown("BindPaths=\"/a b:/c\"", "BindPaths"), ["/a\\ b\\:/c"]);
    assert_eq!(shown("BindPaths=/a\\:b:/c", "BindPaths"), ["/a\\:b:/c"]);
}

#[test]
fn temporary_file_systems_keep_their_options_as_text() {
    assert_eq!(shown("TemporaryFileSystem=/a:ro,size=1M /b", "TemporaryFileSystem"), ["/a:ro,size=1M", "/b"]);
    assert_eq!(shown("TemporaryFileSystem=-/a", "TemporaryFileSystem"), Vec::<String>::new());
}

#[test]
fn directories_are_relative_and_know_symlinks() {
    let settings = clean("StateDirectory=a/b c:d e::ro c:f\nStateDirectoryMode=0700\nCacheDirectory=x\n");
    let state: Vec<_> = settings.directories.of(DirectoryKind::State).map(|d| d.value.clone()).collect();
    assert_eq!(state.iter().map(|d| d.path.as_str()).collect::<Vec<_>>(), ["a/b", "c", "e"]);
    assert_eq!(state[1].symlinks, ["d", "f"]);
    assert_eq!(state.iter().map(|d| d.read_only).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(settings.directories.mode(DirectoryKind::State).value, 0o700);
    assert_eq!(settings.directories.mode(DirectoryKind::Cache).value, 0o755);
    for wrong in ["/abs", "../up", "private/x", "a:b:rw", "."] {
        assert_eq!(shown(&format!("StateDirectory={wrong} ok"), "StateDirectory"), ["ok"], "{wrong}");
    }
    // A wrong escape ends the line, a reset takes the mode along.
    assert_eq!(shown("StateDirectory=a b\\q c", "StateDirectory"), ["a"]);
    let reset = clean("StateDirectoryMode=0700\nStateDirectory=\n");
    assert_eq!(reset.directories.mode(DirectoryKind::State).value, 0o755);
    assert_eq!(shown("ConfigurationDirectory=a:b ok", "ConfigurationDirectory"), ["ok"]);
    assert_eq!(
        shown("RuntimeDirectory=a\nRuntimeDirectory=\nRuntimeDirectory=%N", "RuntimeDirectory"),
        ["x"]
    );
}

#[test]
fn a_working_directory_may_be_missing_or_home() {
    let directory = |lines: &str| clean(lines).paths.working_directory.value;
    assert_eq!(directory("WorkingDirectory=~").directory, Some(WorkingDirectoryTarget::Home));
    assert!(directory("WorkingDirectory=-/srv").optional);
    assert_eq!(directory("WorkingDirectory=/srv\nWorkingDirectory=").directory, None);
    let (settings, complaints) = service("WorkingDirectory=-srv");
    assert!(settings.refused.is_empty() && complaints.len() == 1);
    assert_eq!(service("WorkingDirectory=srv").0.refused.len(), 1);
}
