//! systemd.exec(5), "Process Properties" and "Scheduling".

use super::sandbox::words;
use ringfence_terms::Sourced;
use ringfence_unit::{Manager, UnitName};
use std::collections::BTreeMap;

/// Limits, umask, keyring, personality.
#[derive(Clone, Debug)]
pub struct Process {
    /// `LimitCPU=` and its kin; a resource that is not set keeps the manager's limits.
    pub limits: BTreeMap<Resource, Sourced<Limit>>,
    /// `UMask=`.
    pub umask: Sourced<u32>,
    /// `KeyringMode=`.
    pub keyring_mode: Sourced<KeyringMode>,
    /// `OOMScoreAdjust=`.
    pub oom_score_adjust: Sourced<Option<i32>>,
    /// `CoredumpFilter=`, the bits of `/proc/PID/coredump_filter`.
    pub coredump_filter: Sourced<Option<u64>>,
    /// `TimerSlackNSec=`, in nanoseconds; `None`, as `infinity`, leaves it alone.
    pub timer_slack_ns: Sourced<Option<u64>>,
    /// `Personality=`, as personality(2) takes it.
    pub personality: Sourced<Option<u32>>,
    /// `IgnoreSIGPIPE=`.
    pub ignore_sigpipe: Sourced<bool>,
    /// `MemoryKSM=`.
    pub memory_ksm: Sourced<Option<bool>>,
}

impl Process {
    /// The defaults of one unit: services have keyrings of their own, other units share one (systemd:
    /// `src/core/service.c: service_init`, `src/core/execute.c: exec_context_init`).
    pub fn for_unit(unit: &UnitName, manager: Manager) -> Process {
        Process {
            limits: BTreeMap::new(),
            umask: Sourced::built_in(0o022),
            keyring_mode: Sourced::built_in(match manager {
                _ if !unit.is_service() => KeyringMode::Shared,
                Manager::System => KeyringMode::Private,
                Manager::User => KeyringMode::Inherit,
            }),
            oom_score_adjust: Sourced::default(),
            coredump_filter: Sourced::default(),
            timer_slack_ns: Sourced::default(),
            personality: Sourced::default(),
            ignore_sigpipe: Sourced::built_in(true),
            memory_ksm: Sourced::default(),
        }
    }
}

words! {
    /// `KeyringMode=`.
    KeyringMode {
        /// The manager's session keyring.
        Inherit = "inherit",
        /// A session keyring of its own.
        #[default] Private = "private",
        /// A session keyring of its own, linked to the user keyring.
        Shared = "shared",
    }
}

words! {
    /// The resources of setrlimit(2), by the end of the directive's name.
    Resource {
        /// CPU time, seconds.
        #[default] Cpu = "CPU",
        /// File size, bytes.
        Fsize = "FSIZE",
        /// Data segment, bytes.
        Data = "DATA",
        /// Stack, bytes.
        Stack = "STACK",
        /// Core file, bytes.
        Core = "CORE",
        /// Resident set, bytes.
        Rss = "RSS",
        /// Open files.
        Nofile = "NOFILE",
        /// Address space, bytes.
        As = "AS",
        /// Processes of the user.
        Nproc = "NPROC",
        /// Locked memory, bytes.
        Memlock = "MEMLOCK",
        /// File locks.
        Locks = "LOCKS",
        /// Queued signals.
        Sigpending = "SIGPENDING",
        /// POSIX message queues, bytes.
        Msgqueue = "MSGQUEUE",
        /// Nice ceiling, 20 - nice.
        Nice = "NICE",
        /// Realtime priority.
        Rtprio = "RTPRIO",
        /// Realtime CPU time without blocking, microseconds.
        Rttime = "RTTIME",
    }
}

/// A soft and a hard limit; `u64::MAX` is infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What the kernel enforces.
    pub soft: u64,
    /// How far the service may raise it.
    pub hard: u64,
}

/// Who gets the CPU and the disk.
#[derive(Clone, Debug, Default)]
pub struct Scheduling {
    /// `Nice=`, -20 to 19.
    pub nice: Sourced<Option<i32>>,
    /// `CPUSchedulingPolicy=`.
    pub cpu_policy: Sourced<Option<CpuPolicy>>,
    /// `CPUSchedulingPriority=`.
    pub cpu_priority: Sourced<Option<i32>>,
    /// `CPUSchedulingResetOnFork=`.
    pub cpu_reset_on_fork: Sourced<bool>,
    /// `CPUAffinity=`: the CPUs' numbers; empty for all.
    pub cpu_affinity: Sourced<Vec<u32>>,
    /// `CPUAffinity=numa`: the CPUs of the nodes of `NUMAMask=`.
    pub cpu_affinity_from_numa: Sourced<bool>,
    /// `NUMAPolicy=`.
    pub numa_policy: Sourced<Option<NumaPolicy>>,
    /// `NUMAMask=`: the nodes' numbers.
    pub numa_mask: Sourced<Vec<u32>>,
    /// `NUMAMask=all`: every node of the machine.
    pub numa_mask_all: Sourced<bool>,
    /// `IOSchedulingClass=`.
    pub io_class: Sourced<Option<IoClass>>,
    /// `IOSchedulingPriority=`, 0 to 7.
    pub io_priority: Sourced<Option<u8>>,
}

words! {
    /// `CPUSchedulingPolicy=`.
    CpuPolicy {
        /// `SCHED_OTHER`.
        #[default] Other = "other",
        /// `SCHED_BATCH`.
        Batch = "batch",
        /// `SCHED_IDLE`.
        Idle = "idle",
        /// `SCHED_FIFO`.
        Fifo = "fifo",
        /// `SCHED_RR`.
        RoundRobin = "rr",
        /// `SCHED_EXT`.
        Ext = "ext",
    }
}
words! {
    /// `IOSchedulingClass=`.
    IoClass {
        /// By the nice level.
        #[default] None = "none",
        /// First.
        Realtime = "realtime",
        /// In turn.
        BestEffort = "best-effort",
        /// Last.
        Idle = "idle",
    }
}
words! {
    /// `NUMAPolicy=`.
    NumaPolicy {
        /// The system's.
        #[default] Default = "default",
        /// One node first.
        Preferred = "preferred",
        /// Only these nodes.
        Bind = "bind",
        /// In turn.
        Interleave = "interleave",
        /// The node of the running CPU.
        Local = "local",
    }
}
