//! The rules of checks that read one or two directives each (`src/analyze/analyze-security.c: assess_…`).
//!
//! A rule gives the badness from 0 to the check's range, or `None` where the check is not applicable.

use crate::{Mode, Subject};
use ringfence_settings::{
    AddressPrefix, CapabilitySet, DevicePolicy, KeyringMode, NotifyAccess, PrivateTmp, PrivateUsers,
    ProcSubset, ProtectControlGroups, ProtectHome, ProtectProc, ProtectSystem,
};
use ringfence_terms::AbsPath;
use std::net::IpAddr;

type Badness = Option<u64>;

/// 0 when the protection is on, else 1.
fn off(on: bool) -> Badness {
    Some(u64::from(!on))
}

macro_rules! switches {
    ($($name:ident: $($field:ident).+ ;)*) => {
        $(pub fn $name(s: &Subject<'_>) -> Badness { off(s.settings.$($field).+.value) })*
    };
}

switches! {
    private_devices: sandbox.private_devices;
    private_network: sandbox.private_network;
    protect_kernel_modules: sandbox.protect_kernel_modules;
    protect_kernel_tunables: sandbox.protect_kernel_tunables;
    protect_kernel_logs: sandbox.protect_kernel_logs;
    protect_clock: sandbox.protect_clock;
    protect_hostname: sandbox.protect_hostname;
    lock_personality: sandbox.lock_personality;
    memory_deny_write_execute: sandbox.memory_deny_write_execute;
    no_new_privileges: sandbox.no_new_privileges;
    restrict_realtime: sandbox.restrict_realtime;
    restrict_suid_sgid: sandbox.restrict_suid_sgid;
}

pub fn user(s: &Subject<'_>) -> Badness {
    let identity = &s.settings.identity;
    Some(match identity.user.value.as_deref() {
        Some("nobody") => 9,
        Some("root" | "0") => 10,
        Some(_) => 0,
        None if identity.dynamic_user.value => 0,
        None => 10,
    })
}

pub fn supplementary_groups(s: &Subject<'_>) -> Badness {
    if s.runs_privileged() { None } else { off(s.settings.identity.supplementary_groups.is_empty()) }
}

pub fn remove_ipc(s: &Subject<'_>) -> Badness {
    if s.runs_privileged() { None } else { off(s.settings.sandbox.remove_ipc.value) }
}

pub fn private_mounts(s: &Subject<'_>) -> Badness {
    let written = s.settings.paths.private_mounts.value;
    let sandbox = &s.settings.sandbox;
    off(match s.mode {
        Mode::Offline => s.has_commands() && written != Some(false),
        Mode::Manager => {
            written == Some(true)
                || sandbox.private_devices.value
                || sandbox.private_tmp.value != PrivateTmp::No
                || sandbox.protect_control_groups.value != ProtectControlGroups::No
                || sandbox.protect_kernel_tunables.value
                || sandbox.protect_kernel_modules.value
                || sandbox.protect_home.value != ProtectHome::No
                || sandbox.protect_system.value != ProtectSystem::No
                || s.settings.paths.root_image.value.is_some()
        }
    })
}

pub fn private_tmp(s: &Subject<'_>) -> Badness {
    off(s.settings.sandbox.private_tmp.value != PrivateTmp::No)
}

pub fn private_users(s: &Subject<'_>) -> Badness {
    off(s.settings.sandbox.private_users.value != PrivateUsers::No)
}

pub fn protect_control_groups(s: &Subject<'_>) -> Badness {
    off(s.settings.sandbox.protect_control_groups.value != ProtectControlGroups::No)
}

pub fn protect_home(s: &Subject<'_>) -> Badness {
    Some(match s.settings.sandbox.protect_home.value {
        ProtectHome::Yes => 0,
        ProtectHome::Tmpfs => 1,
        ProtectHome::ReadOnly => 5,
        ProtectHome::No => 10,
    })
}

pub fn protect_system(s: &Subject<'_>) -> Badness {
    Some(match s.settings.sandbox.protect_system.value {
        ProtectSystem::Strict => 0,
        ProtectSystem::Full => 3,
        ProtectSystem::Yes => 5,
        ProtectSystem::No => 10,
    })
}

pub fn root(s: &Subject<'_>) -> Badness {
    let changed = |path: &Option<AbsPath>| path.as_ref().is_some_and(|p| !p.is_root());
    off(changed(&s.settings.paths.root_directory.value) || changed(&s.settings.paths.root_image.value))
}

pub fn umask(s: &Subject<'_>) -> Badness {
    let umask = s.settings.process.umask.value;
    let others_badness = [(0o002, 10), (0o004, 5), (0o020, 2), (0o040, 1)];
    Some(others_badness.into_iter().find(|(bit, _)| umask & bit == 0).map_or(0, |(_, badness)| badness))
}

pub fn keyring_mode(s: &Subject<'_>) -> Badness {
    off(s.has_commands() && s.settings.process.keyring_mode.value == KeyringMode::Private)
}

pub fn protect_proc(s: &Subject<'_>) -> Badness {
    Some(match s.settings.sandbox.protect_proc.value {
        ProtectProc::Invisible | ProtectProc::Ptraceable => 0,
        ProtectProc::NoAccess => 1,
        ProtectProc::Default => 3,
    })
}

pub fn proc_subset(s: &Subject<'_>) -> Badness {
    off(s.settings.sandbox.proc_subset.value == ProcSubset::Pid)
}

pub fn notify_access(s: &Subject<'_>) -> Badness {
    off(s.settings.service.notify_access.value != NotifyAccess::All)
}

pub fn delegate(s: &Subject<'_>) -> Badness {
    off(!s.settings.sandbox.delegate.value)
}

pub fn ambient(s: &Subject<'_>) -> Badness {
    off(s.settings.sandbox.ambient.value == CapabilitySet::EMPTY)
}

pub fn system_call_architectures(s: &Subject<'_>) -> Badness {
    let architectures: Vec<&str> =
        s.settings.syscalls.architectures.value.listed().map(|(a, _)| a.word()).collect();
    Some(match architectures[..] {
        [] => 10,
        ["native"] => 0,
        _ => 8,
    })
}

/// A list of allowed devices counts against the service even where it only implied (`ProtectClock=` adds the real-time
/// clock where a policy is set).
pub fn device_allow(s: &Subject<'_>) -> Badness {
    let sandbox = &s.settings.sandbox;
    Some(match sandbox.device_policy.value {
        DevicePolicy::Auto => 10,
        DevicePolicy::Closed | DevicePolicy::Strict if !sandbox.device_allow.is_empty() => 5,
        DevicePolicy::Closed | DevicePolicy::Strict => 0,
    })
}

/// What the service's address lists leave open. Halves of the address space do not add up to a whole.
pub fn ip_address_deny(s: &Subject<'_>) -> Badness {
    let control = &s.settings.control;
    let denied = |is_family: fn(&IpAddr) -> bool| {
        control.ip_deny.iter().any(|deny| deny.value.is_everything() && is_family(&deny.value.address()))
    };
    Some(if !control.ip_ingress_filters.is_empty() || !control.ip_egress_filters.is_empty() {
        0
    } else if !denied(IpAddr::is_ipv4) || !denied(IpAddr::is_ipv6) {
        10
    } else if control.ip_allow.is_empty() {
        0
    } else if control.ip_allow.iter().all(|allow| is_localhost(allow.value, s.mode)) {
        2
    } else {
        5
    })
}

/// The real tool's two modes look at different things: offline at the address alone, and the running manager's answer
/// at the exact prefix too (`analyze-security.c: property_read_ip_address_allow`).
fn is_localhost(network: AddressPrefix, mode: Mode) -> bool {
    match network.address() {
        IpAddr::V4(v4) => v4.is_loopback() && (mode == Mode::Offline || network.length() == 8),
        IpAddr::V6(v6) => v6.is_loopback() && (mode == Mode::Offline || network.length() == 128),
    }
}
