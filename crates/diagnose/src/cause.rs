//! What can be the matter.

use std::fmt;

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The cause of a failure; the words are those of the JSON (`docs/json.md`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause { $($(#[$doc])* $name,)* }

        impl Cause {
            /// The word in JSON.
            pub fn word(self) -> &'static str {
                match self { $(Cause::$name => $word,)* }
            }
        }
    };
}

causes! {
    /// A path is read-only in the sandbox.
    ReadOnlyPath = "read-only-path",
    /// A path is hidden by the sandbox.
    HiddenPath = "hidden-path",
    /// Something in /tmp is in another service's /tmp.
    PrivateTmp = "private-tmp",
    /// A device is not in the service's /dev, or not allowed.
    PrivateDevice = "private-device",
    /// A path that a namespace setting names does not exist.
    MissingNamespacePath = "missing-namespace-path",
    /// The program does not exist, or is hidden.
    MissingExecutable = "missing-executable",
    /// A script's interpreter, or a program's loader, does not exist or is hidden.
    MissingInterpreter = "missing-interpreter",
    /// A shared library does not exist or is hidden.
    MissingLibrary = "missing-library",
    /// A mount is noexec.
    NoExec = "no-exec",
    /// A system call is filtered.
    SyscallFiltered = "syscall-filtered",
    /// A socket family is restricted.
    AddressFamilyRestricted = "address-family-restricted",
    /// Namespaces are restricted.
    NamespaceRestricted = "namespace-restricted",
    /// Memory may not be both written and executed.
    WriteExecuteMemory = "write-execute-memory",
    /// A capability is missing.
    CapabilityMissing = "capability-missing",
    /// Owner, group and mode forbid it.
    UnixPermissions = "unix-permissions",
    /// SELinux, AppArmor or Smack forbids it.
    MandatoryAccessControl = "mandatory-access-control",
    /// The user or group does not exist.
    UserMissing = "user-missing",
    /// The working directory cannot be entered.
    WorkingDirectory = "working-directory",
    /// A directory of `StateDirectory=` or its kin cannot be set up.
    DirectorySetup = "directory-setup",
    /// Something else.
    Other = "other",
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
