//! `$MEMORY_PRESSURE_WATCH`: where the service can watch how short of memory its control group is
//! (systemd.resource-control(5), `MemoryPressureWatch=`; systemd: `exec_invoke`, `build_environment`).

use crate::observer::Role;
use crate::supervisor::Supervisor;
use ringfence_engine::environment::Variables;
use ringfence_settings::{Privileges, ProtectControlGroups};
use ringfence_terms::AbsPath;

/// What is to be written to the file to be told of 200 ms in 2 s, in base64: "some 200000 2000000" and a NUL.
const DEFAULT_TRIGGER: &str = "c29tZSAyMDAwMDAgMjAwMDAwMAA=";

impl Supervisor<'_> {
    /// The file, as the service sees it; none where the group has none, or the unit does not want it.
    pub(crate) fn pressure_file(&self, sandboxed: bool) -> Option<AbsPath> {
        let group = self.processes.cgroup_path()?;
        if !self.facts.features().unified_cgroups || self.watch_setting().is_some_and(|value| value != "on") {
            return None;
        }
        let file = group.join("memory.pressure");
        // A kernel without pressure information has no such file.
        self.runtime
            .identity
            .uid
            .map_or(Ok(()), |uid| std::os::unix::fs::chown(&file, Some(uid), None))
            .ok()?;
        let groups = self.settings.sandbox.protect_control_groups.value;
        let own = matches!(groups, ProtectControlGroups::Private | ProtectControlGroups::Strict) && sandboxed;
        match own {
            true => AbsPath::parse("/sys/fs/cgroup/memory.pressure").ok(),
            false => AbsPath::parse(&file).ok().filter(|_| file.exists()),
        }
    }

    /// The variables that tell the service of it.
    pub(crate) fn tell_pressure_file(&self, role: Role, privileges: Privileges, all: &mut Variables) {
        let sandboxed = privileges != Privileges::Full
            && (role.is_start() || !self.settings.service.permissions_start_only.value);
        if self.watch_setting().is_some_and(|value| matches!(value, "off" | "no" | "false" | "0")) {
            all.set("MEMORY_PRESSURE_WATCH", "/dev/null");
        } else if let Some(file) = self.pressure_file(sandboxed) {
            all.set("MEMORY_PRESSURE_WATCH", file.to_string());
            all.set("MEMORY_PRESSURE_WRITE", DEFAULT_TRIGGER);
        }
    }

    /// `MemoryPressureWatch=`, which has no type of its own; without it the service is told.
    fn watch_setting(&self) -> Option<&str> {
        let lines = self.settings.other.iter().rev();
        let value =
            lines.filter(|line| &*line.directive == "MemoryPressureWatch").map(|line| &*line.value).next()?;
        match value {
            "auto" => None,
            "yes" | "true" | "1" => Some("on"),
            other => Some(other),
        }
    }
}
