//! What the kernel and the caller's privileges allow.

use ringfence_sandbox::facts::{Caller, Features, MountTable};
use ringfence_terms::AbsPath;
use rustix::thread::{CapabilitySet, capabilities};
use std::path::Path;

/// Looks at the running kernel.
pub fn probe(mounts: &MountTable) -> Features {
    let administers = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
    Features {
        privileged: administers && in_initial_user_namespace(),
        user_namespaces: user_namespaces_allowed(),
        unified_cgroups: AbsPath::parse("/sys/fs/cgroup")
            .is_ok_and(|path| mounts.at(&path).is_some_and(|mount| mount.fs_type == "cgroup2")),
        selinux: Path::new("/sys/fs/selinux/enforce").exists(),
        apparmor: read("/sys/module/apparmor/parameters/enabled").is_some_and(|v| v.starts_with('Y')),
        kernel: kernel_version(),
        caller: Caller {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            groups: groups(),
        },
        booted_with_systemd: Path::new("/run/systemd/system").is_dir(),
    }
}

/// What is taken for granted of the machine that an unbooted tree will run on.
pub fn assumed_for_a_tree() -> Features {
    Features {
        privileged: true,
        user_namespaces: true,
        unified_cgroups: true,
        selinux: false,
        apparmor: false,
        kernel: kernel_version(),
        caller: Caller::default(),
        booted_with_systemd: true,
    }
}

/// The supplementary groups of this process; none when the kernel does not say.
fn groups() -> Vec<u32> {
    let groups = rustix::process::getgroups().unwrap_or_default();
    groups.into_iter().map(|group| group.as_raw()).collect()
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// The initial namespace maps every ID onto itself (user_namespaces(7)).
fn in_initial_user_namespace() -> bool {
    read("/proc/self/uid_map").is_some_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

/// Debian's and Ubuntu's switches, and the limit that every kernel has.
fn user_namespaces_allowed() -> bool {
    let is = |path: &str, value: &str| read(path).is_some_and(|text| text.trim() == value);
    !is("/proc/sys/kernel/unprivileged_userns_clone", "0")
        && !is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")
        && !is("/proc/sys/user/max_user_namespaces", "0")
}

fn kernel_version() -> (u32, u32) {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_kernel_has_a_version() {
        assert!(kernel_version() >= (4, 0), "{:?}", kernel_version());
    }
}
