//! From the words of the command line to what is recorded.

use super::Args;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_manager::{JobResult, Manager, ManagerError, Unit};
use ringfence_record::{Command, Target, cgroup_directory};
use rustix::process::Pid;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What is recorded.
pub struct What {
    /// The recorder's target.
    pub target: Target,
    /// What the profile calls it; empty for the target's own words.
    pub name: String,
    /// What only starts it.
    pub starters: Vec<PathBuf>,
    /// The unit to restart once it is watched.
    pub restart: Option<Unit>,
}

/// Where systemd's helper is that sets a service's process up (since systemd 255).
const EXECUTORS: [&str; 2] = ["/usr/lib/systemd/systemd-executor", "/lib/systemd/systemd-executor"];

impl What {
    pub fn of(args: &Args, context: &Context) -> Result<What, Failure> {
        let plain = |target| What { target, name: String::new(), starters: Vec::new(), restart: None };
        if let Some(unit) = &args.unit {
            return of_unit(unit, args.restart, context);
        }
        if let Some(pid) = args.pid {
            let pid = Some(pid).filter(|pid| *pid > 0).and_then(Pid::from_raw);
            return pid
                .map(|pid| plain(Target::Process(pid)))
                .ok_or_else(|| Failure::input("--pid takes a process number above 0"));
        }
        if let Some(cgroup) = &args.cgroup {
            return checked_group(cgroup).map(|()| plain(Target::Cgroup(cgroup.clone())));
        }
        let mut words = args.command.iter().cloned();
        let program = words.next().ok_or_else(|| Failure::input("there is no command after --"))?;
        Ok(plain(Target::Command(Command { program, arguments: words.collect() })))
    }
}

/// A control group's directory, or one that is to be a group's.
fn checked_group(directory: &Path) -> Result<(), Failure> {
    let above = directory.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    let is_group = |path: &Path| path.join("cgroup.procs").exists();
    if is_group(directory) || (!directory.exists() && above.take(1).any(is_group)) {
        return Ok(());
    }
    let failure = Failure::input(format!("{} is no control group's directory", directory.display()));
    // As /proc/PID/cgroup and systemd-cgls(1) name groups.
    let named = directory.to_str().and_then(|name| cgroup_directory(name).ok());
    Err(match named.filter(|named| is_group(named)) {
        Some(named) => failure.hint(format!("the group of that name is --cgroup {}", named.display())),
        None => failure.hint("control groups are the directories below /sys/fs/cgroup"),
    })
}

fn of_unit(text: &str, restart: bool, context: &Context) -> Result<What, Failure> {
    let name = context.unit(text)?.id.to_string();
    let unit = match Manager::connect(context.manager).and_then(|manager| manager.unit(&name)) {
        Ok(unit) => unit,
        Err(ManagerError::Unreachable(_)) if restart => return by_engine(text, name, context),
        Err(error) => {
            return Err(refused(&error).hint("--restart runs the unit here, without a service manager"));
        }
    };
    let group = match unit.control_group().map_err(|error| refused(&error))? {
        Some(group) => group,
        None if restart => expected_group(&unit, &name)?,
        None => {
            return Err(Failure::input(format!("{name} is not running"))
                .hint(format!("--restart starts it: ringfence record {text} --restart")));
        }
    };
    let directory = cgroup_directory(&group).map_err(Failure::from)?;
    let starters = EXECUTORS.iter().map(PathBuf::from).collect();
    Ok(What { target: Target::Cgroup(directory), name, starters, restart: restart.then_some(unit) })
}

/// The group that a unit without processes will get: systemd makes it when it starts them, so it must be started once to
/// tell. A unit's slice may be anywhere, and a name is escaped in its own way.
fn expected_group(unit: &Unit, name: &str) -> Result<String, Failure> {
    restart(unit)?;
    unit.control_group()
        .map_err(|error| refused(&error))?
        .ok_or_else(|| Failure::input(format!("{name} ended before it could be watched")))
}

/// Without a service manager, the unit runs in our own engine, as `ringfence run` runs it.
fn by_engine(text: &str, name: String, context: &Context) -> Result<What, Failure> {
    let program = std::env::current_exe().map_err(Failure::from)?;
    let mut arguments: Vec<OsString> = vec!["run".into()];
    if let Some(root) = &context.root {
        arguments.extend(["--root".into(), root.into()]);
    }
    arguments.push(text.into());
    let target = Target::Command(Command { program: program.clone().into(), arguments });
    Ok(What { target, name, starters: vec![program], restart: None })
}

/// Restarts a unit and waits until it is up.
pub fn restart(unit: &Unit) -> Result<(), Failure> {
    match unit.restart().map_err(|error| refused(&error))? {
        JobResult::Done => Ok(()),
        other => Err(Failure::input(format!("the service manager could not restart the unit: {other:?}"))
            .hint("systemctl status and journalctl -u say more")),
    }
}

fn refused(error: &ManagerError) -> Failure {
    Failure::input(crate::recorders::chain(error))
}
