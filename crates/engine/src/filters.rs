//! The unit's system call filters, worked out before they are needed.

mod join;

use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::step::Step;
use ringfence_seccomp::{Filter, Machine, Restriction, Syscall, Verdict, filters};
use ringfence_settings::Settings;
use ringfence_sys::seccomp::{Instruction, install};
use ringfence_terms::{Errno, Origin};

/// One program to load, and what it is for.
struct Loadable {
    program: Vec<Instruction>,
    directive: &'static str,
    origin: Option<Origin>,
}

/// The filters of a unit, in the order in which systemd loads them.
#[derive(Default)]
pub struct Filters {
    /// `ProtectHostname=`'s, loaded as soon as the host name is fixed.
    early: Vec<Loadable>,
    /// All others.
    late: Vec<Loadable>,
    /// `MemoryDenyWriteExecute=` through `PR_SET_MDWE`.
    deny_write_execute: bool,
    /// The filter allows what dropping the last capabilities needs.
    pub allows_dropping_privileges: bool,
    /// Some filter is loaded.
    pub any: bool,
}

impl Filters {
    /// Works the filters of a unit out.
    pub fn of(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<Filters, Failure> {
        let deny_write_execute =
            settings.sandbox.memory_deny_write_execute.value && ringfence_sys::write_execute::has_mdwe();
        let restrictions = restrictions(settings, deny_write_execute);
        let any = deny_write_execute || !restrictions.is_empty();
        let Some(machine) = Machine::HERE else {
            for restriction in &restrictions {
                report(Shortfall {
                    directive: restriction.directive().to_owned(),
                    origin: origin_of(settings, restriction),
                    strength: Strength::NotEnforced,
                    why: "no system call filter is known for this kind of machine".to_owned(),
                });
            }
            return Ok(Filters {
                deny_write_execute,
                any,
                allows_dropping_privileges: true,
                ..Filters::default()
            });
        };
        let all = filters(&restrictions, machine).map_err(|fault| {
            Failure::new(Step::Seccomp, format!("make the system call filter: {fault}"))
                .errno(Errno::EEXIST)
                .origin(settings.syscalls.filter.lines.last())
        })?;
        let (early, late): (Vec<_>, Vec<_>) =
            all.iter().partition(|filter| *filter.restriction() == Restriction::Hostname);
        let loadable =
            |filters: Vec<&Filter>| filters.into_iter().map(|f| Loadable::of(f, settings)).collect();
        Ok(Filters {
            early: loadable(early),
            late: joined(loadable(late)),
            deny_write_execute,
            allows_dropping_privileges: allows_dropping_privileges(settings, machine),
            any,
        })
    }

    /// Loads `ProtectHostname=`'s.
    pub fn load_early(&self) -> Result<(), Failure> {
        self.early.iter().try_for_each(Loadable::load)
    }

    /// Loads all others. Nothing but `write`, `execve`, `exit` and the calls that drop capabilities can be relied on
    /// afterwards.
    pub fn load(&self) -> Result<(), Failure> {
        let (families, others): (Vec<_>, Vec<_>) =
            self.late.iter().partition(|filter| filter.is_of_families());
        families.into_iter().try_for_each(Loadable::load)?;
        if self.deny_write_execute {
            ringfence_sys::write_execute::deny_write_execute().map_err(|e| {
                Failure::new(Step::Seccomp, "deny memory that is writable and executable").errno(e)
            })?;
        }
        others.into_iter().try_for_each(Loadable::load)
    }
}

impl Loadable {
    fn of(filter: &Filter, settings: &Settings) -> Loadable {
        let program = filter.program();
        let instruction = |i: &ringfence_seccomp::Instruction| Instruction {
            code: i.code,
            jump_true: i.jt,
            jump_false: i.jf,
            k: i.k,
        };
        Loadable {
            program: program.instructions().iter().map(instruction).collect(),
            directive: filter.restriction().directive(),
            origin: origin_of(settings, filter.restriction()),
        }
    }

    /// Takes another filter's program in, if one program can stand for both; else it comes back.
    fn take(&mut self, next: Loadable) -> Option<Loadable> {
        // These are loaded before all others.
        if self.is_of_families() != next.is_of_families() {
            return Some(next);
        }
        match join::join(&self.program, &next.program) {
            None => Some(next),
            Some(both) => {
                self.program = both;
                None
            }
        }
    }

    fn is_of_families(&self) -> bool {
        self.directive == "RestrictAddressFamilies"
    }

    fn load(&self) -> Result<(), Failure> {
        let step = match self.directive {
            "RestrictAddressFamilies" => Step::AddressFamilies,
            _ => Step::Seccomp,
        };
        install(&self.program).map_err(|e| {
            let failure = Failure::new(step, format!("load the system call filter of {}=", self.directive))
                .errno(e)
                .origin(self.origin.as_ref());
            match e {
                rustix::io::Errno::ACCESS => failure.hint("it takes CAP_SYS_ADMIN or NoNewPrivileges=yes"),
                rustix::io::Errno::INVAL => {
                    failure.hint("this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)")
                }
                _ => failure,
            }
        })
    }
}

/// The same filters as fewer programs: each costs the kernel some time to take, and again at every call of the service.
fn joined(filters: Vec<Loadable>) -> Vec<Loadable> {
    let mut joined: Vec<Loadable> = Vec::new();
    for filter in filters {
        let left = match joined.last_mut() {
            Some(last) => last.take(filter),
            None => Some(filter),
        };
        joined.extend(left);
    }
    joined
}

/// What the unit restricts, as filters know it.
fn restrictions(settings: &Settings, deny_write_execute: bool) -> Vec<Restriction> {
    let sandbox = &settings.sandbox;
    let syscalls = &settings.syscalls;
    let mut all = Vec::new();
    let mut add = |wanted: bool, restriction: Restriction| {
        if wanted {
            all.push(restriction);
        }
    };
    add(sandbox.protect_hostname.value, Restriction::Hostname);
    let families = &syscalls.address_families.value;
    add(families.is_active(), Restriction::AddressFamilies(families.clone()));
    add(sandbox.memory_deny_write_execute.value && !deny_write_execute, Restriction::MemoryDenyWriteExecute);
    add(sandbox.restrict_realtime.value, Restriction::Realtime);
    add(sandbox.restrict_suid_sgid.value, Restriction::SuidSgid);
    let namespaces = &syscalls.namespaces.value;
    add(namespaces.is_active(), Restriction::Namespaces(namespaces.clone()));
    add(sandbox.protect_kernel_tunables.value, Restriction::KernelTunables);
    add(sandbox.protect_kernel_modules.value, Restriction::KernelModules);
    add(sandbox.protect_kernel_logs.value, Restriction::KernelLogs);
    add(sandbox.protect_clock.value, Restriction::Clock);
    add(sandbox.private_devices.value, Restriction::RawIo);
    let architectures = &syscalls.architectures.value;
    add(architectures.is_active(), Restriction::Architectures(architectures.clone()));
    if sandbox.lock_personality.value {
        add(true, Restriction::Personality(personality(settings)));
    }
    add(syscalls.log.value.is_active(), Restriction::SyscallLog(syscalls.log.value.clone()));
    add(syscalls.filter.value.is_active(), Restriction::SyscallFilter(syscalls.filter.value.clone()));
    all
}

/// `Personality=`, or what the process has: only plain Linux or 32-bit Linux can be locked
/// (systemd: `apply_lock_personality`).
fn personality(settings: &Settings) -> u32 {
    settings.process.personality.value.unwrap_or_else(|| {
        let current = ringfence_sys::scheduling::current_personality();
        // PER_LINUX32 is 8.
        if current & 0xff == 8 { 8 } else { 0 }
    })
}

fn origin_of(settings: &Settings, restriction: &Restriction) -> Option<Origin> {
    let sandbox = &settings.sandbox;
    let syscalls = &settings.syscalls;
    match restriction {
        Restriction::Hostname => sandbox.protect_hostname.origin.clone(),
        Restriction::AddressFamilies(_) => syscalls.address_families.lines.last().cloned(),
        Restriction::MemoryDenyWriteExecute => sandbox.memory_deny_write_execute.origin.clone(),
        Restriction::Realtime => sandbox.restrict_realtime.origin.clone(),
        Restriction::SuidSgid => sandbox.restrict_suid_sgid.origin.clone(),
        Restriction::Namespaces(_) => syscalls.namespaces.lines.last().cloned(),
        Restriction::KernelTunables => sandbox.protect_kernel_tunables.origin.clone(),
        Restriction::KernelModules => sandbox.protect_kernel_modules.origin.clone(),
        Restriction::KernelLogs => sandbox.protect_kernel_logs.origin.clone(),
        Restriction::Clock => sandbox.protect_clock.origin.clone(),
        Restriction::RawIo => sandbox.private_devices.origin.clone(),
        Restriction::Architectures(_) => syscalls.architectures.lines.last().cloned(),
        Restriction::Personality(_) => sandbox.lock_personality.origin.clone(),
        Restriction::SyscallLog(_) => syscalls.log.lines.last().cloned(),
        Restriction::SyscallFilter(_) => syscalls.filter.lines.last().cloned(),
    }
}

/// Whether capabilities can still be dropped once the filter is loaded (systemd: `seccomp_allows_drop_privileges`).
fn allows_dropping_privileges(settings: &Settings, machine: Machine) -> bool {
    ["capget", "capset", "prctl"]
        .into_iter()
        .filter_map(Syscall::named)
        .all(|call| settings.syscalls.filter.value.verdict(call, machine).verdict == Verdict::Allowed)
}
