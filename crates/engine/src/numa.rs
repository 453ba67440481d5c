//! `NUMAPolicy=`, `NUMAMask=`, and the CPUs of its nodes (systemd: `src/shared/numa-util.c`).

use crate::enforcement::Shortfall;
use crate::failure::Failure;
use crate::properties::{failed, unsupported};
use crate::step::Step;
use ringfence_settings::{NumaPolicy, Scheduling, Settings};
use ringfence_sys::scheduling;
use rustix::io::Errno;
use std::io;

/// Where the kernel shows the nodes.
const NODES: &str = "/sys/devices/system/node";

/// The highest node that a kernel can be built for, where it does not show which there are (systemd:
/// `numa_mask_add_all`).
const HIGHEST: u32 = 1023;

/// The nodes of `NUMAMask=`.
fn nodes(scheduling: &Scheduling) -> Vec<u32> {
    let mut nodes = scheduling.numa_mask.value.clone();
    if scheduling.numa_mask_all.value {
        nodes.extend(0..=highest_node().unwrap_or(HIGHEST));
    }
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn highest_node() -> io::Result<u32> {
    let mut highest = 0;
    for entry in std::fs::read_dir(NODES)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("node")?.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(highest)
}

/// The CPUs of those nodes (systemd: `numa_to_cpu_set`).
pub fn cpus(scheduling: &Scheduling) -> io::Result<Vec<u32>> {
    let mut cpus = Vec::new();
    for node in nodes(scheduling) {
        cpus.extend(listed(std::fs::read_to_string(format!("{NODES}/node{node}/cpulist"))?.trim())?);
    }
    Ok(cpus)
}

/// A list such as `0-3,8`, as the kernel writes it.
fn listed(text: &str) -> io::Result<Vec<u32>> {
    let number = |text: &str| text.parse::<u32>().map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
    let mut all = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        all.extend(number(first)?..=number(last)?);
    }
    Ok(all)
}

/// `NUMAPolicy=`.
pub fn set_memory_policy(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<(), Failure> {
    let setting = &settings.scheduling.numa_policy;
    // The numbers are MPOL_… of `linux/mempolicy.h`.
    let mode = match setting.value {
        None => return Ok(()),
        Some(NumaPolicy::Default) => 0,
        Some(NumaPolicy::Preferred) => 1,
        Some(NumaPolicy::Bind) => 2,
        Some(NumaPolicy::Interleave) => 3,
        Some(NumaPolicy::Local) => 4,
    };
    let nodes = match mode {
        0 | 4 => Vec::new(),
        _ => nodes(&settings.scheduling),
    };
    match scheduling::set_memory_policy(mode, &nodes) {
        Err(Errno::NOSYS | Errno::OPNOTSUPP) => {
            report(unsupported("NUMAPolicy", setting.origin.as_ref()));
            Ok(())
        }
        other => other.map_err(|e| failed(Step::NumaPolicy, "set the NUMA memory policy", setting).errno(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_list_of_the_kernels_names_every_cpu_of_its_ranges() {
        assert_eq!(listed("0-2,8").unwrap(), [0, 1, 2, 8]);
        assert_eq!(listed("").unwrap(), [0; 0], "a node of memory alone");
        assert!(listed("0-x").is_err());
    }
}
