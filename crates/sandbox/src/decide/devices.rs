//! Device nodes: the control group's policy and the nodev flag (systemd: `src/core/cgroup.c: cgroup_apply_devices`).

use super::permission::{READ, WRITE};
use super::walk::Stop;
use super::{Case, Cause, denied, said};
use crate::facts::{Facts, Node, NodeKind};
use crate::tree::Place;
use ringfence_settings::{DevicePolicy, Settings};
use ringfence_terms::{AbsPath, Errno, Origin};

/// Which devices the service's control group may open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceRules {
    restricted: bool,
    /// The line that restricts it.
    origin: Option<Origin>,
    allowed: Vec<Allowed>,
    /// Terminals (`char-pts`) are allowed.
    terminals: bool,
    /// A class such as `char-rtc` is allowed; which devices those are is the kernel's business.
    classes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowed {
    path: AbsPath,
    rdev: Option<u64>,
    read: bool,
    write: bool,
}

/// Devices that every policy but `strict` allows; `/dev/ptmx` is a symlink on many machines.
const STANDARD: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts/ptmx",
];

impl DeviceRules {
    /// What `DevicePolicy=` and `DeviceAllow=` come to.
    pub fn of(settings: &Settings, facts: &dyn Facts) -> DeviceRules {
        let (policy, list) = (&settings.sandbox.device_policy, &settings.sandbox.device_allow);
        if policy.value == DevicePolicy::Auto && list.is_empty() {
            return DeviceRules::default();
        }
        let mut rules = DeviceRules {
            restricted: true,
            origin: policy.origin.clone().or_else(|| list.first().and_then(|line| line.origin.clone())),
            allowed: Vec::new(),
            terminals: policy.value != DevicePolicy::Strict,
            classes: false,
        };
        if policy.value != DevicePolicy::Strict {
            STANDARD.iter().for_each(|path| rules.allow(path, true, true, facts));
        }
        for line in list {
            let device = &line.value;
            if device.node == "char-pts" {
                rules.terminals = true;
            } else if device.node.starts_with("char-") || device.node.starts_with("block-") {
                rules.classes = true;
            } else {
                rules.allow(&device.node, device.read, device.write, facts);
            }
        }
        rules
    }

    fn allow(&mut self, path: &str, read: bool, write: bool, facts: &dyn Facts) {
        if let Ok(path) = AbsPath::parse(path) {
            let rdev = facts.node(&path).ok().map(|node| node.rdev).filter(|rdev| *rdev != 0);
            self.allowed.push(Allowed { path, rdev, read, write });
        }
    }

    /// Whether a device may be opened so; `None` when a class would have to be looked up.
    fn admit(&self, path: &AbsPath, rdev: u64, wanted: u32) -> Option<bool> {
        let is_terminal =
            self.terminals && path.as_bytes().strip_prefix(b"/dev/pts/").is_some_and(|name| name != b"ptmx");
        let found = self.allowed.iter().any(|allowed| {
            (allowed.path == *path || (rdev != 0 && allowed.rdev == Some(rdev)))
                && (wanted & READ == 0 || allowed.read)
                && (wanted & WRITE == 0 || allowed.write)
        });
        if !self.restricted || is_terminal || found {
            return Some(true);
        }
        if self.classes { None } else { Some(false) }
    }
}

impl Case<'_> {
    /// Permission to open what is at a place as a device, if it is one.
    pub(super) fn device(&self, place: &Place, node: &Node, wanted: u32) -> Result<(), Stop> {
        if !matches!(node.kind, NodeKind::CharDevice | NodeKind::BlockDevice) {
            return Ok(());
        }
        let path = &place.path;
        let mounted = self.view.mounted(place.spot.clone());
        if mounted.flags.nodev {
            let origin = mounted.made_by.and_then(|entry| entry.origin.clone());
            let reason = format!("{path} is a device on a mount that is nodev.");
            return Err(denied(Errno::EACCES, place, Cause::Device, reason, origin));
        }
        self.permitted(place, node, wanted)?;
        let rules = &self.view.plan().devices;
        match rules.admit(path, node.rdev, wanted) {
            Some(true) => Ok(()),
            Some(false) => {
                let reason = format!("{path} is a device that {} does not allow.", said(&rules.origin));
                Err(denied(Errno::EPERM, place, Cause::Device, reason, rules.origin.clone()))
            }
            None => Err(Stop::Undecidable(format!(
                "whether {path} is of a class that DeviceAllow= names is the kernel's business"
            ))),
        }
    }
}
