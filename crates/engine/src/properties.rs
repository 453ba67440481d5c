//! Scheduling, limits and the other properties that a process hands on to its program (systemd.exec(5), "Process
//! Properties" and "Scheduling").

use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::numa;
use crate::step::Step;
use ringfence_settings::{CpuPolicy, IoClass, Limit, Resource, Settings};
use ringfence_sys::scheduling::{Policy, set_io_priority, set_memory_merge, set_personality, set_policy};
use ringfence_terms::{Origin, Sourced};
use ringfence_unit::Manager;
use rustix::io::Errno;
use rustix::process::{Rlimit, getrlimit, setpriority_process, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity, set_current_timer_slack};
use std::num::NonZeroU64;

/// Everything from `OOMScoreAdjust=` to `Personality=`, in systemd's order.
pub fn set(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<(), Failure> {
    let process = &settings.process;
    let scheduling = &settings.scheduling;
    if let Some(adjust) = process.oom_score_adjust.value {
        let origin = process.oom_score_adjust.origin.as_ref();
        let written = std::fs::write("/proc/self/oom_score_adj", adjust.to_string());
        written_or_forbidden(written, Step::OomAdjust, "OOMScoreAdjust", origin, report)?;
    }
    if let Some(mask) = process.coredump_filter.value {
        let origin = process.coredump_filter.origin.as_ref();
        let written = std::fs::write("/proc/self/coredump_filter", format!("{mask:#x}"));
        written_or_forbidden(written, Step::Limits, "CoredumpFilter", origin, report)?;
    }
    cpu_policy(settings, report)?;
    if let Some(nice) = scheduling.nice.value {
        set_nice(nice, scheduling.nice.origin.as_ref(), report)?;
    }
    cpu_affinity(settings)?;
    numa::set_memory_policy(settings, report)?;
    if scheduling.io_class.value.is_some() || scheduling.io_priority.value.is_some() {
        // Class `none` stands for best effort (systemd: `ioprio_normalize`).
        let (class, priority) = match scheduling.io_class.value {
            Some(IoClass::Realtime) => (1, scheduling.io_priority.value.unwrap_or(4)),
            None | Some(IoClass::None | IoClass::BestEffort) => {
                (2, scheduling.io_priority.value.unwrap_or(4))
            }
            Some(IoClass::Idle) => (3, scheduling.io_priority.value.unwrap_or(4)),
        };
        let line = &scheduling.io_class;
        let set = set_io_priority(class, priority);
        unless_forbidden(settings, set, "IOSchedulingClass", line.origin.as_ref(), report)
            .map_err(|e| failed(Step::IoPriority, "set the I/O scheduling priority", line).errno(e))?;
    }
    if let Some(slack) = process.timer_slack_ns.value {
        set_current_timer_slack(NonZeroU64::new(slack))
            .map_err(|e| failed(Step::TimerSlack, "set the timer slack", &process.timer_slack_ns).errno(e))?;
    }
    if let Some(persona) = process.personality.value {
        set_personality(persona)
            .map_err(|e| failed(Step::Personality, "set the personality", &process.personality).errno(e))?;
    }
    Ok(())
}

pub(crate) fn failed<T>(step: Step, what: &str, line: &Sourced<T>) -> Failure {
    Failure::new(step, what).origin(line.origin.as_ref())
}

/// `CPUAffinity=`, be it the CPUs of NUMA nodes.
fn cpu_affinity(settings: &Settings) -> Result<(), Failure> {
    let scheduling = &settings.scheduling;
    let (line, wanted) = match &scheduling.cpu_affinity_from_numa {
        Sourced { value: true, origin } => {
            let fail = |e| {
                Failure::new(Step::CpuAffinity, "find the CPUs of NUMAMask=").errno(e).origin(origin.as_ref())
            };
            (origin, numa::cpus(scheduling).map_err(fail)?)
        }
        _ if scheduling.cpu_affinity.value.is_empty() => return Ok(()),
        _ => (&scheduling.cpu_affinity.origin, scheduling.cpu_affinity.value.clone()),
    };
    let mut cpus = CpuSet::new();
    for cpu in wanted {
        if (cpu as usize) < CpuSet::MAX_CPU {
            cpus.set(cpu as usize);
        }
    }
    sched_setaffinity(None, &cpus).map_err(|e| {
        let failure = Failure::new(Step::CpuAffinity, "bind to the CPUs").origin(line.as_ref()).errno(e);
        match e {
            Errno::INVAL => failure.hint("none of these CPUs is there, or may be used here"),
            _ => failure,
        }
    })
}

/// Where privileges are missing systemd goes on without a word; here the word is said.
fn written_or_forbidden(
    written: std::io::Result<()>,
    step: Step,
    directive: &str,
    origin: Option<&Origin>,
    report: &mut dyn FnMut(Shortfall),
) -> Result<(), Failure> {
    match written {
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            report(Shortfall {
                directive: directive.to_owned(),
                origin: origin.cloned(),
                strength: Strength::NotEnforced,
                why: "the kernel does not allow it without privileges".to_owned(),
            });
            Ok(())
        }
        other => other.map_err(|e| Failure::new(step, format!("set {directive}=")).errno(e).origin(origin)),
    }
}

fn cpu_policy(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<(), Failure> {
    let scheduling = &settings.scheduling;
    if scheduling.cpu_policy.value.is_none()
        && scheduling.cpu_priority.value.is_none()
        && scheduling.cpu_reset_on_fork.origin.is_none()
    {
        return Ok(());
    }
    let policy = match scheduling.cpu_policy.value.unwrap_or_default() {
        CpuPolicy::Other => Policy::OTHER,
        CpuPolicy::Batch => Policy::BATCH,
        CpuPolicy::Idle => Policy::IDLE,
        CpuPolicy::Fifo => Policy::FIFO,
        CpuPolicy::RoundRobin => Policy::ROUND_ROBIN,
        CpuPolicy::Ext => Policy::EXT,
    };
    // The realtime policies start at 1 (systemd: `config_parse_exec_cpu_sched_policy`).
    let lowest = i32::from(policy == Policy::FIFO || policy == Policy::ROUND_ROBIN);
    let priority = scheduling.cpu_priority.value.unwrap_or(lowest).max(lowest);
    let line = &scheduling.cpu_policy;
    let set = set_policy(policy, priority.unsigned_abs(), scheduling.cpu_reset_on_fork.value);
    unless_forbidden(settings, set, "CPUSchedulingPolicy", line.origin.as_ref(), report)
        .map_err(|e| failed(Step::Scheduler, "set the CPU scheduling policy", line).errno(e))
}

/// An ordinary user who runs a unit of the system manager is told what is not permitted; a user's own unit fails, as under
/// systemd.
fn unless_forbidden(
    settings: &Settings,
    set: rustix::io::Result<()>,
    directive: &str,
    origin: Option<&Origin>,
    report: &mut dyn FnMut(Shortfall),
) -> rustix::io::Result<()> {
    let ordinary = settings.manager == Manager::System && !rustix::process::geteuid().is_root();
    match set {
        Err(Errno::PERM | Errno::ACCESS) if ordinary => {
            report(Shortfall {
                directive: directive.to_owned(),
                origin: origin.cloned(),
                strength: Strength::NotEnforced,
                why: "the kernel does not allow it without privileges".to_owned(),
            });
            Ok(())
        }
        other => other,
    }
}

/// As asked for, or as near to it as the limit allows (systemd: `setpriority_closest`).
fn set_nice(nice: i32, origin: Option<&Origin>, report: &mut dyn FnMut(Shortfall)) -> Result<(), Failure> {
    let fail =
        |e: Errno| Failure::new(Step::Nice, format!("set the nice level to {nice}")).errno(e).origin(origin);
    match setpriority_process(None, nice) {
        Err(Errno::ACCESS | Errno::PERM) => {}
        other => return other.map_err(fail),
    }
    let ceiling = getrlimit(rustix::process::Resource::Nice).current.unwrap_or(40).clamp(1, 40) as i32;
    let closest = nice.max(20 - ceiling).max(rustix::process::getpriority_process(None).map_err(fail)?);
    setpriority_process(None, closest).map_err(fail)?;
    report(Shortfall {
        directive: "Nice".to_owned(),
        origin: origin.cloned(),
        strength: Strength::Weaker,
        why: format!("without privileges the nice level can be no lower than {closest}"),
    });
    Ok(())
}

pub(crate) fn unsupported(directive: &str, origin: Option<&Origin>) -> Shortfall {
    Shortfall {
        directive: directive.to_owned(),
        origin: origin.cloned(),
        strength: Strength::NotEnforced,
        why: "this kernel has no support for it".to_owned(),
    }
}

/// `MemoryKSM=`.
pub fn set_ksm(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<(), Failure> {
    let setting = &settings.process.memory_ksm;
    let Some(on) = setting.value else { return Ok(()) };
    match set_memory_merge(on) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            report(unsupported("MemoryKSM", setting.origin.as_ref()));
            Ok(())
        }
        other => other.map_err(|e| failed(Step::Ksm, "set the merging of memory pages", setting).errno(e)),
    }
}

/// What a service of the system manager has when its unit says nothing (systemd-system.conf(5), `DefaultLimitNOFILE=`,
/// `DefaultLimitMEMLOCK=`).
const SYSTEM_DEFAULTS: [(Resource, Limit); 2] = [
    (Resource::Nofile, Limit { soft: 1024, hard: 524_288 }),
    (Resource::Memlock, Limit { soft: 8 << 20, hard: 8 << 20 }),
];

/// `LimitNOFILE=` and its kin.
pub fn set_limits(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<(), Failure> {
    let limits = &settings.process.limits;
    if settings.manager == Manager::System {
        for (resource, limit) in SYSTEM_DEFAULTS {
            if !limits.contains_key(&resource) {
                // Not asked for by the unit: as near as it gets will do.
                let _ = set_limit(resource, limit);
            }
        }
    }
    for (resource, line) in limits {
        match set_limit(*resource, line.value) {
            Ok(true) => {}
            Ok(false) => report(Shortfall {
                directive: format!("Limit{}", resource.word()),
                origin: line.origin.clone(),
                strength: Strength::Weaker,
                why: "without privileges a limit cannot be raised; the closest possible is set".to_owned(),
            }),
            Err(e) => {
                let what = format!("set the limit {}", resource.word());
                return Err(Failure::new(Step::Limits, what).errno(e).origin(line.origin.as_ref()));
            }
        }
    }
    Ok(())
}

/// What a command with `+` has, as near as it gets: no `Limit…=` holds for it, so that it inherits the limits of the system
/// manager, which raises its own (systemd: `initialize_coredump`, `bump_rlimit_nofile` and `bump_rlimit_memlock` in
/// `src/core/main.c`).
pub fn set_limits_of_the_manager(settings: &Settings) {
    if settings.manager != Manager::System {
        return;
    }
    let at_least = |resource: Resource, least: u64| {
        let inherited = getrlimit(kernel_name(resource));
        let or_more = |limit: Option<u64>| limit.unwrap_or(u64::MAX).max(least);
        let limit = Limit { soft: or_more(inherited.current), hard: or_more(inherited.maximum) };
        let _ = set_limit(resource, limit);
    };
    at_least(Resource::Core, u64::MAX);
    let most_files = std::fs::read_to_string("/proc/sys/fs/nr_open").ok();
    if let Some(most_files) = most_files.and_then(|text| text.trim().parse().ok()) {
        at_least(Resource::Nofile, most_files);
    }
    let machine = rustix::system::sysinfo();
    let memory = machine.totalram * u64::from(machine.mem_unit);
    at_least(Resource::Memlock, (memory / 8).max(64 << 20));
}

/// `RestrictRealtime=` takes the right to realtime priorities away, unless the unit sets that limit itself.
pub fn forbid_realtime_priority() -> Result<(), Errno> {
    setrlimit(rustix::process::Resource::Rtprio, Rlimit { current: Some(0), maximum: Some(0) })
}

/// Sets a limit, or the closest that is allowed; whether it is the one asked for (systemd: `setrlimit_closest`).
fn set_limit(resource: Resource, limit: Limit) -> Result<bool, Errno> {
    let resource = kernel_name(resource);
    let bound = |value: u64| (value != u64::MAX).then_some(value);
    let wanted = Rlimit { current: bound(limit.soft), maximum: bound(limit.hard) };
    match setrlimit(resource, wanted) {
        Err(Errno::PERM) => {}
        other => return other.map(|()| true),
    }
    let highest = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let closest = Rlimit { current: bound(limit.soft.min(highest)), maximum: bound(limit.hard.min(highest)) };
    setrlimit(resource, closest).map(|()| false)
}

fn kernel_name(resource: Resource) -> rustix::process::Resource {
    use rustix::process::Resource as Kernel;
    match resource {
        Resource::Cpu => Kernel::Cpu,
        Resource::Fsize => Kernel::Fsize,
        Resource::Data => Kernel::Data,
        Resource::Stack => Kernel::Stack,
        Resource::Core => Kernel::Core,
        Resource::Rss => Kernel::Rss,
        Resource::Nofile => Kernel::Nofile,
        Resource::As => Kernel::As,
        Resource::Nproc => Kernel::Nproc,
        Resource::Memlock => Kernel::Memlock,
        Resource::Locks => Kernel::Locks,
        Resource::Sigpending => Kernel::Sigpending,
        Resource::Msgqueue => Kernel::Msgqueue,
        Resource::Nice => Kernel::Nice,
        Resource::Rtprio => Kernel::Rtprio,
        Resource::Rttime => Kernel::Rttime,
    }
}
