//! The machine that the recorded cases were recorded on, as facts.

use ringfence_agreement::Entry;
use ringfence_agreement::{Case, Facts as Recorded};
use ringfence_probe::Node as Text;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::facts::{Facts, Mount, MountFlags, Node, NodeKind};

/// The machine with one case's files.
pub fn of(case: &Case, recorded: &Recorded) -> FakeFacts {
    let mut facts = FakeFacts::new().without_mounts().dir("/run/systemd/inaccessible");
    for (path, node) in recorded.nodes.iter().chain(&case.nodes) {
        facts = facts.exactly(path, node_of(node));
    }
    for line in &recorded.mountinfo {
        facts = facts.mounted(mount_of(line));
    }
    for entry in &case.fixture {
        facts = match entry {
            Entry::Tmpfs(path, options) => facts.mount_flags(path, "tmpfs", flags_of(options.as_deref())),
            Entry::Bind(path, source, options) => {
                let source = source.parse().expect("a path");
                let fs_type =
                    facts.mounts().covering(&source).map_or_else(String::new, |m| m.fs_type.clone());
                facts.mount_flags(path, &fs_type, flags_of(options.as_deref()))
            }
            Entry::Node(..) | Entry::Probe(_) | Entry::Link(..) => facts,
        };
    }
    for (name, id) in [("daemon", 1), ("mail", 8), ("games", 60), ("www-data", 33)] {
        facts = facts.user(name, id, id);
    }
    facts.features(|features| features.kernel = (6, 18))
}

fn node_of(text: &Text) -> Node {
    let mut words = text.seen.split(' ');
    let mut next = || words.next().expect("kind, mode and owner");
    let kind = match next() {
        "dir" => NodeKind::Directory,
        "file" => NodeKind::File,
        "link" => NodeKind::Symlink(text.target.clone().unwrap_or_default().into()),
        "char" => NodeKind::CharDevice,
        "block" => NodeKind::BlockDevice,
        "fifo" => NodeKind::Fifo,
        "socket" => NodeKind::Socket,
        other => panic!("a file of kind {other}"),
    };
    let mode = u32::from_str_radix(next(), 8).expect("a mode in octal");
    let (uid, gid) = next().split_once(':').expect("user and group");
    let number = |text: &str| text.parse().expect("a number");
    Node { kind, mode, uid: number(uid), gid: number(gid), rdev: 0, has_acl: false }
}

/// A line of `/proc/self/mountinfo`.
fn mount_of(line: &str) -> Mount {
    let (before, after) = line.split_once(" - ").expect("two halves");
    let words: Vec<&str> = before.split(' ').collect();
    let after: Vec<&str> = after.split(' ').collect();
    let number = |text: &str| text.parse().expect("a number");
    Mount {
        id: number(words[0]),
        parent: number(words[1]),
        root: words[3].into(),
        path: words[4].parse().expect("a path"),
        fs_type: after[0].into(),
        source: after[1].into(),
        flags: flags_of(Some(words[5])),
        super_read_only: after[2] == "ro",
        super_options: after[2].into(),
    }
}

pub fn flags_of(options: Option<&str>) -> MountFlags {
    let has = |word: &str| options.is_some_and(|options| options.split(',').any(|o| o == word));
    MountFlags { read_only: has("ro"), nosuid: has("nosuid"), nodev: has("nodev"), noexec: has("noexec") }
}
