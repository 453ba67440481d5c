//! Settings as the properties that a running systemd shows on the bus (org.freedesktop.systemd1(5)).

use ringfence_seccomp::Sense;
use ringfence_settings::{
    BindMount, Command, CpuPolicy, Credential, DeviceAccess, DirectoryKind, OutputTarget, PathAccess,
    Privileges, Settings, WorkingDirectoryTarget,
};
use ringfence_terms::Sourced;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// What systemd must show for these settings.
pub fn expected(settings: &Settings) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: Value| {
        all.insert(name.to_owned(), normal(name, value));
    };
    let (paths, sandbox, identity) = (&settings.paths, &settings.sandbox, &settings.identity);
    for (name, access) in [
        ("ReadWritePaths", PathAccess::ReadWrite),
        ("ReadOnlyPaths", PathAccess::ReadOnly),
        ("InaccessiblePaths", PathAccess::Inaccessible),
        ("ExecPaths", PathAccess::Exec),
        ("NoExecPaths", PathAccess::NoExec),
    ] {
        let entries = paths.access(access).map(|p| {
            let (optional, in_root) =
                (if p.value.optional { "-" } else { "" }, if p.value.in_root { "+" } else { "" });
            format!("{optional}{in_root}{}", p.value.path)
        });
        set(name, entries.collect());
    }
    for (name, read_only) in [("BindPaths", false), ("BindReadOnlyPaths", true)] {
        let binds = paths.binds.iter().map(|b| &b.value).filter(|b| b.read_only == read_only);
        set(name, binds.map(bind).collect());
    }
    let temporary = paths.temporary.iter().map(|t| json!([t.value.path.to_string(), t.value.options]));
    set("TemporaryFileSystem", temporary.collect());
    set("RootDirectory", text(&paths.root_directory.value));
    let directory = &paths.working_directory.value;
    let target = match &directory.directory {
        None => String::new(),
        Some(WorkingDirectoryTarget::Home) => "~".into(),
        Some(WorkingDirectoryTarget::Path(path)) => path.to_string(),
    };
    set("WorkingDirectory", json!(if directory.optional { format!("!{target}") } else { target }));

    set("User", text(&identity.user.value));
    set("Group", text(&identity.group.value));
    set("DynamicUser", json!(identity.dynamic_user.value));
    set("SupplementaryGroups", strings(&identity.supplementary_groups));

    set("CapabilityBoundingSet", json!(sandbox.bounding_set.value.0));
    set("AmbientCapabilities", json!(sandbox.ambient.value.0));
    set("SecureBits", json!(sandbox.secure_bits.value));
    set("ProtectSystem", json!(sandbox.protect_system.value.word()));
    set("ProtectHome", json!(sandbox.protect_home.value.word()));
    set("PrivateTmpEx", json!(sandbox.private_tmp.value.word()));
    set("PrivateUsersEx", json!(sandbox.private_users.value.word()));
    set("ProtectControlGroupsEx", json!(sandbox.protect_control_groups.value.word()));
    set("ProtectProc", json!(sandbox.protect_proc.value.word()));
    set("ProcSubset", json!(sandbox.proc_subset.value.word()));
    set("PrivateDevices", json!(sandbox.private_devices.value));
    set("NoNewPrivileges", json!(sandbox.no_new_privileges.value));
    set("RestrictSUIDSGID", json!(sandbox.restrict_suid_sgid.value));
    set("RemoveIPC", json!(sandbox.remove_ipc.value));
    set("DevicePolicy", json!(sandbox.device_policy.value.word()));
    set("DeviceAllow", sandbox.device_allow.iter().map(|d| device(&d.value)).collect());
    set("Delegate", json!(sandbox.delegate.value));
    let families = &settings.syscalls.address_families.value;
    let names: Vec<_> = families.listed().map(|family| family.name()).collect();
    set("RestrictAddressFamilies", json!([families.sense() == Some(Sense::Allow), names]));
    let namespaces = &settings.syscalls.namespaces.value;
    let allowed = namespaces.allowed().map(|kind| u64::from(kind.clone_flag())).sum();
    set("RestrictNamespaces", json!(if namespaces.is_set() { allowed } else { u64::MAX }));

    let environment = &settings.environment;
    set("Environment", environment.set.iter().map(|e| format!("{}={}", e.value.0, e.value.1)).collect());
    let files = environment.files.iter().map(|f| json!([f.value.pattern.to_string(), f.value.optional]));
    set("EnvironmentFiles", files.collect());
    set("PassEnvironment", strings(&environment.pass));
    set("UnsetEnvironment", strings(&environment.unset));

    let (process, scheduling) = (&settings.process, &settings.scheduling);
    set("UMask", json!(process.umask.value));
    for (resource, limit) in &process.limits {
        set(&format!("Limit{}", resource.word()), json!(limit.value.hard));
        set(&format!("Limit{}Soft", resource.word()), json!(limit.value.soft));
    }
    set("OOMScoreAdjust", json!(process.oom_score_adjust.value.unwrap_or(0)));
    set("KeyringMode", json!(process.keyring_mode.value.word()));
    set("IgnoreSIGPIPE", json!(process.ignore_sigpipe.value));
    // Where these are not set, systemd shows what it has itself.
    if let Some(filter) = process.coredump_filter.value {
        set("CoredumpFilter", json!(filter));
    }
    if let Some(slack) = process.timer_slack_ns.value {
        set("TimerSlackNSec", json!(slack));
    }
    set("Nice", json!(scheduling.nice.value.unwrap_or(0)));
    let policy = match scheduling.cpu_policy.value {
        None | Some(CpuPolicy::Other) => 0,
        Some(CpuPolicy::Fifo) => 1,
        Some(CpuPolicy::RoundRobin) => 2,
        Some(CpuPolicy::Batch) => 3,
        Some(CpuPolicy::Idle) => 5,
        Some(CpuPolicy::Ext) => 7,
    };
    set("CPUSchedulingPolicy", json!(policy));
    set("CPUSchedulingPriority", json!(scheduling.cpu_priority.value.unwrap_or(0)));
    set("CPUAffinity", bits(&scheduling.cpu_affinity.value));

    for kind in [DirectoryKind::State, DirectoryKind::Runtime, DirectoryKind::Configuration] {
        let name = kind.directive();
        let directories: Vec<_> = settings.directories.of(kind).map(|d| &d.value).collect();
        set(name, directories.iter().map(|d| d.path.as_str()).collect());
        set(&format!("{name}Mode"), json!(settings.directories.mode(kind).value));
        if kind != DirectoryKind::Configuration {
            let links = directories.iter().flat_map(|d| {
                let none = [String::new()];
                let links = if d.symlinks.is_empty() { none.to_vec() } else { d.symlinks.clone() };
                links.into_iter().map(|link| json!([d.path, link, u64::from(d.read_only)]))
            });
            set(&format!("{name}Symlink"), links.collect());
        }
    }
    set("RuntimeDirectoryPreserve", json!(settings.directories.preserve_runtime.value.word()));

    let credentials = settings.credentials.all.iter().map(|c| &c.value);
    let given = credentials.clone().filter_map(|c| match c {
        Credential::Set { name, data } => Some(json!([name, data])),
        _ => None,
    });
    set("SetCredential", given.collect());
    let loaded = credentials.filter_map(|c| match c {
        Credential::LoadFile { name, path } => Some(json!([name, path.to_string()])),
        Credential::LoadByName { name, source } => Some(json!([name, source])),
        _ => None,
    });
    set("LoadCredential", loaded.collect());
    set("StandardInputData", json!(settings.stdio.input_data));
    // What is left open is then the manager's own default.
    set("StandardOutput", json!(output(&settings.stdio.output.value, "journal")));
    set("StandardError", json!(output(&settings.stdio.error.value, "inherit")));

    let (service, kill) = (&settings.service, &settings.kill);
    set("Type", json!(service.kind.value.word()));
    set("NotifyAccess", json!(service.notify_access.value.word()));
    for (name, list) in [
        ("ExecStartEx", &service.exec_start),
        ("ExecStopEx", &service.exec_stop),
        ("ExecStartPreEx", &service.exec_start_pre),
    ] {
        set(name, list.iter().map(command).collect());
    }
    set("TimeoutStartUSec", microseconds(service.timeout_start.value));
    set("TimeoutStopUSec", microseconds(service.timeout_stop.value));
    set("TimeoutAbortUSec", microseconds(service.timeout_abort.value.or(service.timeout_stop.value)));
    set("RuntimeMaxUSec", microseconds(service.runtime_max.value));
    let success = &service.success_exit_status;
    set("SuccessExitStatus", json!([success.statuses, success.signals]));
    set("PIDFile", text(&service.pid_file.value));
    set("BusName", text(&service.bus_name.value));
    set("ReloadSignal", json!(service.reload_signal.value));
    set("KillMode", json!(kill.mode.value.word()));
    set("KillSignal", json!(kill.signal.value));
    set("FinalKillSignal", json!(kill.final_signal.value));
    set(
        "IPAddressDeny",
        settings.control.ip_deny.iter().map(|a| network(a.value.address(), a.value.length())).collect(),
    );
    all
}

/// A property's value in a form that both sides share: lists that systemd keeps in hash tables sorted, and without what
/// it shows in a way of its own.
pub fn normal(name: &str, value: Value) -> Value {
    match (name, value) {
        ("ExecStartEx" | "ExecStopEx" | "ExecStartPreEx", Value::Array(commands)) => {
            let first_three = |command: Value| match command {
                Value::Array(mut fields) => {
                    fields.truncate(3);
                    fields[2] = sorted(fields[2].take());
                    Value::Array(fields)
                }
                other => other,
            };
            commands.into_iter().map(first_three).collect()
        }
        (
            "DeviceAllow"
            | "SetCredential"
            | "LoadCredential"
            | "IPAddressDeny"
            | "StateDirectory"
            | "RuntimeDirectory"
            | "ConfigurationDirectory"
            | "StateDirectorySymlink"
            | "RuntimeDirectorySymlink",
            list,
        ) => sorted(list),
        ("SuccessExitStatus", Value::Array(lists)) => lists.into_iter().map(sorted).collect(),
        ("RestrictAddressFamilies", Value::Array(mut fields)) => {
            for name in fields[1].as_array_mut().into_iter().flatten() {
                // systemd shows one of several names.
                match name.as_str() {
                    Some("AF_LOCAL" | "AF_FILE") => *name = json!("AF_UNIX"),
                    Some("AF_ROUTE") => *name = json!("AF_NETLINK"),
                    _ => {}
                }
            }
            fields[1] = sorted(fields[1].take());
            Value::Array(fields)
        }
        // Clock namespaces are denied with any other, and not shown.
        ("RestrictNamespaces", Value::Number(flags)) if flags.as_u64() != Some(u64::MAX) => {
            json!(flags.as_u64().map(|flags| flags & !0x80))
        }
        ("CPUAffinity", Value::Array(mut bytes)) => {
            while bytes.last() == Some(&json!(0)) {
                bytes.pop();
            }
            Value::Array(bytes)
        }
        (_, value) => value,
    }
}

fn sorted(list: Value) -> Value {
    match list {
        Value::Array(mut items) => {
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

fn text(value: &Option<impl ToString>) -> Value {
    json!(value.as_ref().map(ToString::to_string).unwrap_or_default())
}

fn strings(list: &[Sourced<String>]) -> Value {
    list.iter().map(|item| item.value.as_str()).collect()
}

fn microseconds(span: Option<Duration>) -> Value {
    match span {
        None | Some(Duration::MAX) => json!(u64::MAX),
        Some(span) => json!(span.as_micros() as u64),
    }
}

fn bits(numbers: &[u32]) -> Value {
    let mut bytes = vec![0u8; numbers.iter().max().map_or(0, |most| *most as usize / 8 + 1)];
    for number in numbers {
        bytes[*number as usize / 8] |= 1 << (number % 8);
    }
    json!(bytes)
}

/// `MS_REC` for a recursive bind.
fn bind(bind: &BindMount) -> Value {
    json!([
        bind.source.to_string(),
        bind.destination.to_string(),
        bind.optional,
        if bind.recursive { 0x4000 } else { 0 }
    ])
}

fn device(device: &DeviceAccess) -> Value {
    let rights = [(device.read, 'r'), (device.write, 'w'), (device.mknod, 'm')];
    let rights: String = rights.iter().filter(|(has, _)| *has).map(|(_, right)| right).collect();
    json!([device.node, rights])
}

fn command(command: &Command) -> Value {
    let mut flags = Vec::new();
    if command.ignore_failure {
        flags.push("ignore-failure");
    }
    if command.no_variables {
        flags.push("no-env-expand");
    }
    match command.privileges {
        Privileges::Sandboxed => {}
        Privileges::Full => flags.push("privileged"),
        Privileges::KeepUser => flags.push("no-setuid"),
        Privileges::AmbientFallback => flags.push("ambient"),
    }
    json!([command.path, command.argv, flags])
}

/// The path or name of a target is shown in another property.
fn output(target: &OutputTarget, inherited: &str) -> String {
    match target {
        OutputTarget::Inherit => inherited,
        OutputTarget::Null => "null",
        OutputTarget::Tty => "tty",
        OutputTarget::Journal => "journal",
        OutputTarget::Kmsg => "kmsg",
        OutputTarget::Socket => "socket",
        OutputTarget::File(_) => "file",
        OutputTarget::Append(_) => "append",
        OutputTarget::Truncate(_) => "truncate",
        OutputTarget::Fd(_) => "fd",
    }
    .into()
}

/// Address family, address in bytes, prefix length.
fn network(address: IpAddr, length: u8) -> Value {
    match address {
        IpAddr::V4(v4) => json!([2, v4.octets(), length]),
        IpAddr::V6(v6) => json!([10, v6.octets(), length]),
    }
}
