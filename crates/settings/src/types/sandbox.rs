//! systemd.exec(5), "Capabilities", "Security", "Mandatory Access Control", "Sandboxing" and "System Call Filtering".

use super::CapabilitySet;
use ringfence_terms::{AbsPath, Sourced};

/// What takes privileges and views away from the service, other than by path.
///
/// Where several lines together decide a set, its origin is the last line that changed it.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// `ProtectSystem=`.
    pub protect_system: Sourced<ProtectSystem>,
    /// `ProtectHome=`.
    pub protect_home: Sourced<ProtectHome>,
    /// `PrivateTmp=`.
    pub private_tmp: Sourced<PrivateTmp>,
    /// `PrivateDevices=`.
    pub private_devices: Sourced<bool>,
    /// `PrivateNetwork=`.
    pub private_network: Sourced<bool>,
    /// `NetworkNamespacePath=`.
    pub network_namespace_path: Sourced<Option<AbsPath>>,
    /// `PrivateIPC=`.
    pub private_ipc: Sourced<bool>,
    /// `IPCNamespacePath=`.
    pub ipc_namespace_path: Sourced<Option<AbsPath>>,
    /// `PrivatePIDs=`.
    pub private_pids: Sourced<bool>,
    /// `PrivateUsers=`.
    pub private_users: Sourced<PrivateUsers>,
    /// `ProtectHostname=`.
    pub protect_hostname: Sourced<bool>,
    /// `ProtectClock=`.
    pub protect_clock: Sourced<bool>,
    /// `ProtectKernelTunables=`.
    pub protect_kernel_tunables: Sourced<bool>,
    /// `ProtectKernelModules=`.
    pub protect_kernel_modules: Sourced<bool>,
    /// `ProtectKernelLogs=`.
    pub protect_kernel_logs: Sourced<bool>,
    /// `ProtectControlGroups=`.
    pub protect_control_groups: Sourced<ProtectControlGroups>,
    /// `ProtectProc=`.
    pub protect_proc: Sourced<ProtectProc>,
    /// `ProcSubset=`.
    pub proc_subset: Sourced<ProcSubset>,
    /// `LockPersonality=`.
    pub lock_personality: Sourced<bool>,
    /// `MemoryDenyWriteExecute=`.
    pub memory_deny_write_execute: Sourced<bool>,
    /// `RestrictRealtime=`.
    pub restrict_realtime: Sourced<bool>,
    /// `RestrictSUIDSGID=`.
    pub restrict_suid_sgid: Sourced<bool>,
    /// `RemoveIPC=`.
    pub remove_ipc: Sourced<bool>,
    /// `NoNewPrivileges=`, as written or implied.
    pub no_new_privileges: Sourced<bool>,
    /// `CapabilityBoundingSet=`, with what other directives remove taken out.
    pub bounding_set: Sourced<CapabilitySet>,
    /// The lines that took capabilities out of the bounding set by implication (`PrivateDevices=` …), with what each took.
    pub bounding_removed: Vec<Sourced<CapabilitySet>>,
    /// `AmbientCapabilities=`.
    pub ambient: Sourced<CapabilitySet>,
    /// `SecureBits=`, as prctl(2) `PR_SET_SECUREBITS` takes them.
    pub secure_bits: Sourced<u32>,
    /// `DevicePolicy=`, closed when `PrivateDevices=` implies it.
    pub device_policy: Sourced<DevicePolicy>,
    /// `DeviceAllow=`.
    pub device_allow: Vec<Sourced<DeviceAccess>>,
    /// `Delegate=` is on.
    pub delegate: Sourced<bool>,
    /// `LogNamespace=`.
    pub log_namespace: Sourced<Option<String>>,
    /// `SELinuxContext=` (and whether its `-` makes failure harmless).
    pub selinux_context: Sourced<Option<(String, bool)>>,
    /// `AppArmorProfile=` (and whether its `-` makes failure harmless).
    pub apparmor_profile: Sourced<Option<(String, bool)>>,
    /// `SmackProcessLabel=` (and whether its `-` makes failure harmless).
    pub smack_label: Sourced<Option<(String, bool)>>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Sandbox {
            protect_system: Sourced::default(),
            protect_home: Sourced::default(),
            private_tmp: Sourced::default(),
            private_devices: Sourced::default(),
            private_network: Sourced::default(),
            network_namespace_path: Sourced::default(),
            private_ipc: Sourced::default(),
            ipc_namespace_path: Sourced::default(),
            private_pids: Sourced::default(),
            private_users: Sourced::default(),
            protect_hostname: Sourced::default(),
            protect_clock: Sourced::default(),
            protect_kernel_tunables: Sourced::default(),
            protect_kernel_modules: Sourced::default(),
            protect_kernel_logs: Sourced::default(),
            protect_control_groups: Sourced::default(),
            protect_proc: Sourced::default(),
            proc_subset: Sourced::default(),
            lock_personality: Sourced::default(),
            memory_deny_write_execute: Sourced::default(),
            restrict_realtime: Sourced::default(),
            restrict_suid_sgid: Sourced::default(),
            remove_ipc: Sourced::default(),
            no_new_privileges: Sourced::default(),
            bounding_set: Sourced::built_in(CapabilitySet::ALL),
            bounding_removed: Vec::new(),
            ambient: Sourced::built_in(CapabilitySet::EMPTY),
            secure_bits: Sourced::default(),
            device_policy: Sourced::default(),
            device_allow: Vec::new(),
            delegate: Sourced::default(),
            log_namespace: Sourced::default(),
            selinux_context: Sourced::default(),
            apparmor_profile: Sourced::default(),
            smack_label: Sourced::default(),
        }
    }
}

/// Declares an enumeration of words; `yes` and `no` after the name say which of them booleans mean.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident $(($yes:ident, $no:ident))? { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// The word for it in a unit file.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The value that an exact word names; booleans' other spellings are the parser's business.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }

        impl $crate::read::Keyword for $name {
            const WORDS: &'static [&'static str] = &[$($word),*];
            $(const BOOLEAN: Option<(Self, Self)> = Some(($name::$yes, $name::$no));)?
            fn of_word(word: &str) -> Option<Self> {
                $name::from_word(word)
            }
            fn as_word(self) -> &'static str {
                self.word()
            }
        }
    };
}
pub(crate) use words;

words! {
    /// `ProtectSystem=`.
    ProtectSystem (Yes, No) {
        /// Nothing.
        #[default] No = "no",
        /// `/usr`, `/boot`, `/efi` read-only.
        Yes = "yes",
        /// `/etc` too.
        Full = "full",
        /// The whole tree but the kernel's own file systems.
        Strict = "strict",
    }
}
words! {
    /// `ProtectHome=`.
    ProtectHome (Yes, No) {
        /// Nothing.
        #[default] No = "no",
        /// `/home`, `/root`, `/run/user` inaccessible.
        Yes = "yes",
        /// Read-only.
        ReadOnly = "read-only",
        /// Covered by empty file systems.
        Tmpfs = "tmpfs",
    }
}
words! {
    /// `PrivateTmp=`.
    PrivateTmp (Connected, No) {
        /// The host's.
        #[default] No = "no",
        /// A directory below the host's `/tmp` and `/var/tmp`, shared by the unit's commands.
        Connected = "connected",
        /// A file system of its own.
        Disconnected = "disconnected",
    }
}
words! {
    /// `PrivateUsers=`.
    PrivateUsers (OwnUser, No) {
        /// The host's users.
        #[default] No = "no",
        /// Root and the service's own user; all others are nobody.
        OwnUser = "self",
        /// The first 65536 users, as they are.
        Identity = "identity",
    }
}
words! {
    /// `ProtectControlGroups=`.
    ProtectControlGroups (Yes, No) {
        /// Nothing.
        #[default] No = "no",
        /// `/sys/fs/cgroup` read-only.
        Yes = "yes",
        /// A cgroup namespace of its own.
        Private = "private",
        /// A cgroup namespace of its own, read-only.
        Strict = "strict",
    }
}
words! {
    /// `ProtectProc=`.
    ProtectProc {
        /// All processes are shown.
        #[default] Default = "default",
        /// Other users' processes show no details.
        NoAccess = "noaccess",
        /// Other users' processes are not shown.
        Invisible = "invisible",
        /// Processes that could not be traced are not shown.
        Ptraceable = "ptraceable",
    }
}
words! {
    /// `ProcSubset=`.
    ProcSubset {
        /// All of `/proc`.
        #[default] All = "all",
        /// Processes only.
        Pid = "pid",
    }
}
words! {
    /// `DevicePolicy=`.
    DevicePolicy {
        /// Everything, unless `DeviceAllow=` is set.
        #[default] Auto = "auto",
        /// The standard pseudo devices and `DeviceAllow=`.
        Closed = "closed",
        /// `DeviceAllow=` only.
        Strict = "strict",
    }
}

/// One line of `DeviceAllow=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAccess {
    /// A node's path, or a class such as `char-rtc`.
    pub node: String,
    /// `r`.
    pub read: bool,
    /// `w`.
    pub write: bool,
    /// `m`.
    pub mknod: bool,
}
