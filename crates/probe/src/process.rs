//! The process's own attributes, as far as they depend on the unit.

use ringfence_probe::Process;
use rustix::process::{Resource, getrlimit};
use rustix::thread::CapabilitySet;

/// Everything that can be told. Attributes that the sandbox hides are absent.
pub fn attributes() -> Process {
    let mut process = Process::new();
    let mut tell = |name: &str, value: String| drop(process.insert(name.to_owned(), value));
    identity(&mut tell);
    capabilities(&mut tell);
    status(&mut tell);
    namespaces(&mut tell);
    for (name, resource) in LIMITS {
        let limit = getrlimit(*resource);
        let text = |value: Option<u64>| value.map_or("infinity".to_owned(), |value| value.to_string());
        tell(&format!("limit {name}"), format!("{}:{}", text(limit.current), text(limit.maximum)));
    }
    for (name, value) in std::env::vars_os() {
        tell(&format!("env {}", name.to_string_lossy()), value.to_string_lossy().into_owned());
    }
    process
}

/// What is only asked of a process that does nothing else: scheduling, what its descriptors lead to, and the like.
pub fn more() -> Process {
    let mut process = Process::new();
    let mut tell = |name: &str, value: String| drop(process.insert(name.to_owned(), value));
    if let Ok(stat) = std::fs::read_to_string("/proc/self/stat") {
        // The name, in parentheses, may hold anything; the fields after it are numbered from 3 on (proc_pid_stat(5)).
        let fields: Vec<&str> =
            stat.rsplit_once(") ").map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or_default();
        let own = stat.split(' ').next().unwrap_or_default();
        tell("leads its process group", (field(5) == own).to_string());
        tell("terminal", field(7).to_owned());
        tell("real-time priority", field(40).to_owned());
        tell("scheduling policy", field(41).to_owned());
    }
    for (name, field) in [("cpus", "Cpus_allowed_list"), ("memory nodes", "Mems_allowed_list")] {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        if let Some(value) = value {
            tell(name, value.trim().to_owned());
        }
    }
    for (name, file) in [("core dump filter", "coredump_filter"), ("login user", "loginuid")] {
        if let Ok(text) = std::fs::read_to_string(format!("/proc/self/{file}")) {
            tell(name, text.trim().to_owned());
        }
    }
    if let Ok(root) = std::fs::read_link("/proc/self/root") {
        tell("root", root.display().to_string());
    }
    tell("domain name", rustix::system::uname().domainname().to_string_lossy().into_owned());
    for name in ["LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID", "MAINPID"] {
        if let Ok(number) = std::env::var(name) {
            // In a PID namespace the number is the one outside.
            tell(&format!("{name} is its own"), (number == std::process::id().to_string()).to_string());
        }
    }
    descriptors(&mut tell);
    process
}

/// Where each open descriptor leads, how it is opened, and whether it is closed on `execve(2)`.
fn descriptors(tell: &mut impl FnMut(&str, String)) {
    // Those that were handed on; looking at them opens others, which have greater numbers.
    for number in 0..64 {
        let Ok(target) = std::fs::read_link(format!("/proc/self/fd/{number}")) else { continue };
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or_default().trim();
        tell(&format!("descriptor {number}"), format!("{} {flags}", target.display()));
    }
}

fn identity(tell: &mut impl FnMut(&str, String)) {
    use rustix::process as p;
    tell("user", format!("{}:{}", p::getuid().as_raw(), p::geteuid().as_raw()));
    tell("group", format!("{}:{}", p::getgid().as_raw(), p::getegid().as_raw()));
    if let Ok(mut groups) = p::getgroups() {
        groups.sort_by_key(|group| group.as_raw());
        tell("groups", groups.iter().map(|group| group.as_raw().to_string()).collect::<Vec<_>>().join(" "));
    }
    let umask = p::umask(rustix::fs::Mode::empty());
    p::umask(umask);
    tell("umask", format!("{:04o}", umask.as_raw_mode()));
    if let Ok(cwd) = std::env::current_dir() {
        tell("cwd", cwd.display().to_string());
    }
    tell("is pid 1", (p::getpid().as_raw_pid() == 1).to_string());
    if let Ok(nice) = p::getpriority_process(None) {
        tell("nice", nice.to_string());
    }
    tell("argv", std::env::args().collect::<Vec<_>>().join(" "));
    tell("host name", rustix::system::uname().nodename().to_string_lossy().into_owned());
}

fn capabilities(tell: &mut impl FnMut(&str, String)) {
    use rustix::thread as t;
    if let Ok(sets) = t::capabilities(None) {
        tell("effective", format!("{:x}", sets.effective.bits()));
        tell("permitted", format!("{:x}", sets.permitted.bits()));
        tell("inheritable", format!("{:x}", sets.inheritable.bits()));
    }
    let union = |has: fn(CapabilitySet) -> rustix::io::Result<bool>| {
        CapabilitySet::all().iter().filter(|one| has(*one) == Ok(true)).fold(0, |bits, one| bits | one.bits())
    };
    tell("bounding", format!("{:x}", union(t::capability_is_in_bounding_set)));
    tell("ambient", format!("{:x}", union(t::capability_is_in_ambient_set)));
    if let Ok(bits) = t::capabilities_secure_bits() {
        tell("securebits", format!("{:x}", bits.bits()));
    }
    if let Ok(set) = t::no_new_privs() {
        tell("no new privileges", set.to_string());
    }
}

/// What only `/proc/self` tells.
fn status(tell: &mut impl FnMut(&str, String)) {
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let (Some(process), Some(session)) = (field("NSpid:"), field("NSsid:")) {
            tell("is session leader", (process == session).to_string());
        }
        for line in status.lines() {
            match line.split_once(':') {
                Some(("Seccomp", value)) => tell("seccomp", value.trim().to_owned()),
                Some(("SigIgn", value)) => tell("signals ignored", without_the_c_library(value.trim())),
                Some(("SigBlk", value)) => tell("signals blocked", without_the_c_library(value.trim())),
                _ => {}
            }
        }
    }
    for (name, file) in [
        ("oom score adjust", "oom_score_adj"),
        ("timer slack", "timerslack_ns"),
        ("personality", "personality"),
        ("uid map", "uid_map"),
        ("gid map", "gid_map"),
        ("setgroups", "setgroups"),
        ("comm", "comm"),
    ] {
        if let Ok(text) = std::fs::read_to_string(format!("/proc/self/{file}")) {
            tell(name, text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    if let Ok(fds) = std::fs::read_dir("/proc/self/fd") {
        // The one that reads the directory is among them.
        tell("open files", fds.count().saturating_sub(1).to_string());
    }
}

/// A set of signals without 32 and 33, which are the C library's own business (nptl(7)).
fn without_the_c_library(mask: &str) -> String {
    match u64::from_str_radix(mask, 16) {
        Ok(mask) => format!("{:x}", mask & !(0b11 << 31)),
        Err(_) => mask.to_owned(),
    }
}

/// The identity of each namespace; the reader tells which are the machine's own.
fn namespaces(tell: &mut impl FnMut(&str, String)) {
    for name in ["mnt", "net", "ipc", "uts", "pid", "user", "cgroup", "time"] {
        if let Ok(target) = std::fs::read_link(format!("/proc/self/ns/{name}")) {
            tell(&format!("namespace {name}"), target.display().to_string());
        }
    }
}

const LIMITS: &[(&str, Resource)] = &[
    ("as", Resource::As),
    ("core", Resource::Core),
    ("cpu", Resource::Cpu),
    ("data", Resource::Data),
    ("fsize", Resource::Fsize),
    ("locks", Resource::Locks),
    ("memlock", Resource::Memlock),
    ("msgqueue", Resource::Msgqueue),
    ("nice", Resource::Nice),
    ("nofile", Resource::Nofile),
    ("nproc", Resource::Nproc),
    ("rss", Resource::Rss),
    ("rtprio", Resource::Rtprio),
    ("rttime", Resource::Rttime),
    ("sigpending", Resource::Sigpending),
    ("stack", Resource::Stack),
];
