//! What can be done with a path.

use std::fmt;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One thing that a call does with a path. The words are those of the JSON.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Operation { $($(#[$doc])* $name,)* }

        impl Operation {
            /// Every operation, in the order in which they are written.
            pub const ALL: &'static [Operation] = &[$(Operation::$name,)*];

            /// The word in JSON and on the terminal.
            pub fn word(self) -> &'static str {
                match self { $(Operation::$name => $word,)* }
            }
        }
    };
}

operations! {
    /// open(2) for reading.
    Read = "read",
    /// open(2) for writing.
    Write = "write",
    /// Made a regular file (open(2) with `O_CREAT`, creat(2)).
    Create = "create",
    /// Cut a file to a length: `O_TRUNC`, truncate(2), ftruncate(2).
    Truncate = "truncate",
    /// Made a file without a name in this directory (`O_TMPFILE`).
    CreateUnnamed = "create-unnamed",
    /// open(2) with `O_PATH`: a handle, no access to the contents.
    OpenPath = "open-path",
    /// Read a directory's entries: getdents(2).
    List = "list",
    /// Read attributes: stat(2), statx(2) and their kin.
    Stat = "stat",
    /// access(2) for existence.
    Check = "check",
    /// access(2) for reading.
    CheckRead = "check-read",
    /// access(2) for writing.
    CheckWrite = "check-write",
    /// access(2) for execution.
    CheckExec = "check-exec",
    /// readlink(2).
    Readlink = "readlink",
    /// execve(2) of this file.
    Exec = "exec",
    /// Run by the kernel on behalf of an executed file: a script's interpreter, an ELF loader.
    Interpret = "interpret",
    /// mmap(2) with `PROT_EXEC`.
    MapExec = "map-exec",
    /// Became the working directory.
    Chdir = "chdir",
    /// Became the root directory: chroot(2), pivot_root(2).
    Chroot = "chroot",
    /// mkdir(2).
    Mkdir = "mkdir",
    /// rmdir(2).
    Rmdir = "rmdir",
    /// mknod(2) of a device, a fifo or a file.
    Mknod = "mknod",
    /// Made a symlink here.
    Symlink = "symlink",
    /// The existing name of a link(2).
    LinkFrom = "link-from",
    /// The new name of a link(2).
    LinkTo = "link-to",
    /// The old name of a rename(2); both names when they were exchanged.
    RenameFrom = "rename-from",
    /// The new name of a rename(2).
    RenameTo = "rename-to",
    /// unlink(2).
    Unlink = "unlink",
    /// chmod(2).
    Chmod = "chmod",
    /// chown(2).
    Chown = "chown",
    /// utime(2) and its kin.
    Utime = "utime",
    /// Read an extended attribute, or their names.
    GetXattr = "get-xattr",
    /// Set or removed an extended attribute.
    SetXattr = "set-xattr",
    /// statfs(2).
    Statfs = "statfs",
    /// Mounted something here, or moved or changed the mount here.
    Mount = "mount",
    /// The source of a mount.
    MountSource = "mount-source",
    /// umount(2).
    Umount = "umount",
    /// inotify_add_watch(2), fanotify_mark(2).
    Watch = "watch",
    /// bind(2) of a unix socket: makes the path.
    BindSocket = "bind-socket",
    /// connect(2) or sendto(2) to a unix socket.
    ConnectSocket = "connect-socket",
    /// name_to_handle_at(2).
    GetHandle = "get-handle",
    /// quotactl(2), acct(2), swapon(2) and other administration of a file system or device.
    Administer = "administer",
}

/// A set of operations: those that one call did together.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operations(u64);

impl Operations {
    /// No operation.
    pub const NONE: Operations = Operations(0);

    /// Whether `operation` is among them.
    pub fn contains(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u8) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those of `other`.
    #[must_use]
    pub fn with(self, other: impl Into<Operations>) -> Operations {
        Operations(self.0 | other.into().0)
    }

    /// These but for those of `other`.
    #[must_use]
    pub fn without(self, other: impl Into<Operations>) -> Operations {
        Operations(self.0 & !other.into().0)
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: impl Into<Operations>) -> Operations {
        Operations(self.0 & other.into().0)
    }

    /// Whether one of them changes what it is used on, or would.
    pub fn changes(self) -> bool {
        use Operation::*;
        let changing: Operations = [
            Write,
            Create,
            Truncate,
            CreateUnnamed,
            Mkdir,
            Rmdir,
            Mknod,
            Symlink,
            LinkTo,
            RenameFrom,
            RenameTo,
            Unlink,
            Chmod,
            Chown,
            Utime,
            SetXattr,
            BindSocket,
        ]
        .into_iter()
        .collect();
        !self.and(changing).is_empty()
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.iter().copied().filter(move |o| self.contains(*o))
    }
}

impl From<Operation> for Operations {
    fn from(operation: Operation) -> Operations {
        Operations(1 << operation as u8)
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<I: IntoIterator<Item = Operation>>(all: I) -> Operations {
        all.into_iter().fold(Operations::NONE, Operations::with)
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Operations {
    /// The words, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, operation) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            f.write_str(operation.word())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_fits_the_set_and_has_its_own_word() {
        assert!(Operation::ALL.len() <= 64);
        let words: std::collections::BTreeSet<_> = Operation::ALL.iter().map(|o| o.word()).collect();
        assert_eq!(words.len(), Operation::ALL.len());
        let all: Operations = Operation::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Operation::ALL.len());
    }
}
