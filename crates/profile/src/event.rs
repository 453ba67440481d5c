//! What recorders deliver.

use crate::{Operations, Privilege, Program};
use ringfence_terms::Errno;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing that one program did or tried, uninterpreted. Repeats may be delivered or folded away: a profile does not
/// count them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Who did it.
    pub by: Arc<Program>,
    /// How it ended; `None` when it succeeded (or when the recorder says by [`Privilege`] that results are not seen).
    pub errno: Option<Errno>,
    /// What was done.
    pub what: What,
}

/// What a program did: it used a file, or another privilege.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// It used a path.
    File(FileUse),
    /// It used anything else that a unit can restrict.
    Privilege(Privilege),
}

/// One use of one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileUse {
    /// What one call did or tried with the path; an open for reading and writing is one use with both operations.
    ///
    /// `create` is there when the call made the file, or failed and would have made it; `truncate` when the call would
    /// cut an existing file.
    pub operations: Operations,
    /// The absolute path as the program sees it, with symlinks resolved wherever the call resolved them. Where the path
    /// does not exist, what could be resolved, and the rest as it was asked for. A path that was cut starts with `…/`.
    pub path: PathBuf,
    /// The same object's path as the host's first mount namespace sees it, where it differs from `path` and is known.
    pub host: Option<PathBuf>,
    /// What was found there.
    pub kind: FileKind,
    /// The symlinks that were followed on the way, in order.
    pub via: Vec<Link>,
    /// For a path below `/proc/PID`: whose process that is, seen from the program.
    pub process: Option<ProcessRelation>,
}

/// A symlink that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link {
    /// Where the link is: an absolute path without links in its directory part, as the program sees it.
    pub path: PathBuf,
    /// Its text, as readlink(2) gives it.
    pub target: PathBuf,
}

/// What a path led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// Nothing was there, or the recorder could not tell.
    #[default]
    Unknown,
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symlink, itself.
    Link,
    /// A socket.
    Socket,
    /// A pipe with a name.
    Fifo,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

impl FileKind {
    /// Every kind and its word in JSON.
    pub const WORDS: [(FileKind, &'static str); 8] = [
        (FileKind::Unknown, "unknown"),
        (FileKind::File, "file"),
        (FileKind::Directory, "directory"),
        (FileKind::Link, "link"),
        (FileKind::Socket, "socket"),
        (FileKind::Fifo, "fifo"),
        (FileKind::CharDevice, "char-device"),
        (FileKind::BlockDevice, "block-device"),
    ];

    /// The kind in the type bits of `st_mode` (inode(7)).
    pub fn from_mode(mode: u32) -> FileKind {
        match mode & 0o170000 {
            0o100000 => FileKind::File,
            0o040000 => FileKind::Directory,
            0o120000 => FileKind::Link,
            0o140000 => FileKind::Socket,
            0o010000 => FileKind::Fifo,
            0o020000 => FileKind::CharDevice,
            0o060000 => FileKind::BlockDevice,
            _ => FileKind::Unknown,
        }
    }
}

/// Whose process something concerns, seen from the program that did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProcessRelation {
    /// Its own process, any thread of it.
    Own,
    /// Another process that is being recorded too.
    Recorded,
    /// A process that is not being recorded.
    Foreign,
}
