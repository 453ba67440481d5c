//! `DevicePolicy=` and `DeviceAllow=`, and what `PrivateDevices=` implies of them: a filter on the service's control group
//! (systemd: `src/core/cgroup.c: cgroup_apply_devices`, `src/core/bpf-devices.c`).

use crate::enforcement::{Shortfall, Strength};
use ringfence_settings::{DeviceAccess, DevicePolicy, Settings};
use ringfence_sys::device_filter::{DeviceKind, DeviceRule, allow_only};
use ringfence_terms::Origin;
use rustix::fd::BorrowedFd;
use rustix::fs::{FileType, major, minor};

/// Whether a unit restricts its devices by number, which takes a control group.
pub fn filters_devices(settings: &Settings) -> bool {
    settings.sandbox.device_policy.value != DevicePolicy::Auto || !settings.sandbox.device_allow.is_empty()
}

/// Restricts the devices of a service's control group as the unit asks. What falls short comes back: everything, without a
/// group.
pub fn filter_devices(settings: &Settings, cgroup: Option<BorrowedFd<'_>>) -> Vec<Shortfall> {
    let Some(rules) = rules(settings) else { return Vec::new() };
    let why = match cgroup.map(|cgroup| allow_only(cgroup, &rules)) {
        Some(Ok(())) => return Vec::new(),
        Some(Err(e)) => format!("the kernel takes no filter on device numbers here ({e})"),
        None => "without a control group there is no filter on device numbers".to_owned(),
    };
    let why = format!(
        "{why}: a device node that the service can see or make is only guarded by its mode, its mount and CAP_MKNOD"
    );
    let sandbox = &settings.sandbox;
    let missing = |directive: &str, origin: Option<&Origin>, strength| Shortfall {
        directive: directive.to_owned(),
        origin: origin.cloned(),
        strength,
        why: why.clone(),
    };
    let policy = if sandbox.private_devices.value {
        Some(missing("PrivateDevices", sandbox.private_devices.origin.as_ref(), Strength::Weaker))
    } else if sandbox.device_policy.value != DevicePolicy::Auto {
        Some(missing("DevicePolicy", sandbox.device_policy.origin.as_ref(), Strength::NotEnforced))
    } else {
        None
    };
    let mut all: Vec<Shortfall> = policy.into_iter().collect();
    for line in &sandbox.device_allow {
        let allow = missing("DeviceAllow", line.origin.as_ref(), Strength::NotEnforced);
        if !all.contains(&allow) {
            all.push(allow);
        }
    }
    all
}

/// What is allowed; none where everything is.
fn rules(settings: &Settings) -> Option<Vec<DeviceRule>> {
    const STANDARD: [&str; 7] =
        ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"];
    let (policy, list) = (settings.sandbox.device_policy.value, &settings.sandbox.device_allow);
    if !filters_devices(settings) {
        return None;
    }
    let mut rules = Vec::new();
    if policy != DevicePolicy::Strict {
        let all = |node: &str| DeviceAccess { node: node.to_owned(), read: true, write: true, mknod: true };
        rules.extend(STANDARD.iter().filter_map(|node| of_node(&all(node))));
        // The inaccessible nodes have no number.
        for kind in [DeviceKind::Character, DeviceKind::Block] {
            rules.push(DeviceRule {
                kind,
                major: Some(0),
                minor: Some(0),
                make: true,
                read: true,
                write: true,
            });
        }
        let terminals = DeviceAccess { node: "char-pts".to_owned(), read: true, write: true, mknod: false };
        rules.extend(of_class(&terminals, &devices()));
    }
    for line in list {
        match line.value.node.starts_with("/dev/") {
            true => rules.extend(of_node(&line.value)),
            false => rules.extend(of_class(&line.value, &devices())),
        }
    }
    Some(rules)
}

fn rule(access: &DeviceAccess, kind: DeviceKind, major: Option<u32>, minor: Option<u32>) -> DeviceRule {
    DeviceRule { kind, major, minor, make: access.mknod, read: access.read, write: access.write }
}

/// A node that is not there, or is no device, allows nothing.
fn of_node(access: &DeviceAccess) -> Option<DeviceRule> {
    let status = rustix::fs::stat(access.node.as_str()).ok()?;
    let kind = match FileType::from_raw_mode(status.st_mode) {
        FileType::CharacterDevice => DeviceKind::Character,
        FileType::BlockDevice => DeviceKind::Block,
        _ => return None,
    };
    Some(rule(access, kind, Some(major(status.st_rdev)), Some(minor(status.st_rdev))))
}

fn devices() -> String {
    use std::io::Read;
    // The kernel makes the text anew for every piece that is asked for.
    let mut text = Vec::with_capacity(4096);
    let read =
        std::fs::File::open("/proc/devices").and_then(|file| file.take(1 << 20).read_to_end(&mut text));
    read.ok().and_then(|_| String::from_utf8(text).ok()).unwrap_or_default()
}

/// `char-NAME` and `block-NAME`: a major number, `*`, or a pattern of names in `/proc/devices` (proc(5)).
fn of_class(access: &DeviceAccess, devices: &str) -> Vec<DeviceRule> {
    let (kind, heading, name) = match (access.node.strip_prefix("char-"), access.node.strip_prefix("block-"))
    {
        (Some(name), _) => (DeviceKind::Character, "Character devices:", name),
        (_, Some(name)) => (DeviceKind::Block, "Block devices:", name),
        _ => return Vec::new(),
    };
    if name == "*" {
        return vec![rule(access, kind, None, None)];
    }
    if let Ok(major) = name.parse() {
        return vec![rule(access, kind, Some(major), None)];
    }
    let Ok(pattern) = glob::Pattern::new(name) else { return Vec::new() };
    let lines =
        devices.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.is_empty());
    lines
        .filter_map(|line| line.trim().split_once(' '))
        .filter(|(_, class)| pattern.matches(class.trim()))
        .filter_map(|(major, _)| Some(rule(access, kind, Some(major.parse().ok()?), None)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICES: &str =
        "Character devices:\n  1 mem\n  4 tty\n136 pts\n137 pts\n\nBlock devices:\n  7 loop\n259 blkext\n";

    fn majors(node: &str) -> Vec<Option<u32>> {
        let access = DeviceAccess { node: node.to_owned(), read: true, write: false, mknod: false };
        of_class(&access, DEVICES).into_iter().map(|rule| rule.major).collect()
    }

    #[test]
    fn classes_are_found_by_name_pattern_and_number() {
        assert_eq!(majors("char-pts"), [Some(136), Some(137)]);
        assert_eq!(majors("char-[mt]*"), [Some(1), Some(4)]);
        assert_eq!(majors("block-loop"), [Some(7)]);
        assert_eq!(majors("block-mem"), []);
        assert_eq!(majors("char-10"), [Some(10)]);
        assert_eq!(majors("block-*"), [None]);
    }
}
