//! The steps of starting a process, and systemd's exit status for each (systemd.exec(5), "Process Exit Codes").

macro_rules! steps {
    ($($(#[$meta:meta])* $variant:ident = $status:literal, $name:literal;)*) => {
        /// What was being set up when something failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Step { $($(#[$meta])* $variant,)* }

        impl Step {
            /// Every step, by exit status.
            pub const ALL: &[Step] = &[$(Step::$variant,)*];

            /// The exit status that systemd gives.
            pub fn status(self) -> u8 {
                match self { $(Step::$variant => $status,)* }
            }

            /// systemd's name for it.
            pub fn name(self) -> &'static str {
                match self { $(Step::$variant => $name,)* }
            }
        }
    };
}

steps! {
    /// `WorkingDirectory=`.
    Chdir = 200, "CHDIR";
    /// `Nice=`.
    Nice = 201, "NICE";
    /// Passing and closing descriptors.
    Fds = 202, "FDS";
    /// Finding and executing the program.
    Exec = 203, "EXEC";
    /// The environment.
    Memory = 204, "MEMORY";
    /// `Limit…=`, `CoredumpFilter=`.
    Limits = 205, "LIMITS";
    /// `OOMScoreAdjust=`.
    OomAdjust = 206, "OOM_ADJUST";
    /// Signals.
    SignalMask = 207, "SIGNAL_MASK";
    /// `StandardInput=`.
    Stdin = 208, "STDIN";
    /// `StandardOutput=`.
    Stdout = 209, "STDOUT";
    /// `RootDirectory=` without a mount namespace.
    Chroot = 210, "CHROOT";
    /// `IOSchedulingClass=`, `IOSchedulingPriority=`.
    IoPriority = 211, "IOPRIO";
    /// `TimerSlackNSec=`.
    TimerSlack = 212, "TIMERSLACK";
    /// `SecureBits=`.
    SecureBits = 213, "SECUREBITS";
    /// `CPUSchedulingPolicy=` and its kin.
    Scheduler = 214, "SETSCHEDULER";
    /// `CPUAffinity=`.
    CpuAffinity = 215, "CPUAFFINITY";
    /// `Group=`, `SupplementaryGroups=`.
    Group = 216, "GROUP";
    /// `User=`, `DynamicUser=`, `PrivateUsers=`.
    User = 217, "USER";
    /// `CapabilityBoundingSet=`, `AmbientCapabilities=`.
    Capabilities = 218, "CAPABILITIES";
    /// Control groups.
    Cgroup = 219, "CGROUP";
    /// A session of its own.
    Setsid = 220, "SETSID";
    /// `StandardError=`.
    Stderr = 222, "STDERR";
    /// `PrivateNetwork=`, `NetworkNamespacePath=`.
    Network = 225, "NETWORK";
    /// Mounts, and the IPC, host name, PID and control group namespaces.
    Namespace = 226, "NAMESPACE";
    /// `NoNewPrivileges=`.
    NoNewPrivileges = 227, "NO_NEW_PRIVILEGES";
    /// System call filters.
    Seccomp = 228, "SECCOMP";
    /// `Personality=`.
    Personality = 230, "PERSONALITY";
    /// `AppArmorProfile=`.
    AppArmor = 231, "APPARMOR";
    /// `RestrictAddressFamilies=`.
    AddressFamilies = 232, "ADDRESS_FAMILIES";
    /// `RuntimeDirectory=`.
    RuntimeDirectory = 233, "RUNTIME_DIRECTORY";
    /// `KeyringMode=`.
    Keyring = 237, "KEYRING";
    /// `StateDirectory=`.
    StateDirectory = 238, "STATE_DIRECTORY";
    /// `CacheDirectory=`.
    CacheDirectory = 239, "CACHE_DIRECTORY";
    /// `LogsDirectory=`.
    LogsDirectory = 240, "LOGS_DIRECTORY";
    /// `ConfigurationDirectory=`.
    ConfigurationDirectory = 241, "CONFIGURATION_DIRECTORY";
    /// `NUMAPolicy=`.
    NumaPolicy = 242, "NUMA_POLICY";
    /// Credentials.
    Credentials = 243, "CREDENTIALS";
    /// `MemoryKSM=`.
    Ksm = 245, "KSM";
}

impl Step {
    /// The step with an exit status.
    pub fn from_status(status: u8) -> Option<Step> {
        Step::ALL.iter().copied().find(|s| s.status() == status)
    }
}
