//! One unit of the manager.

use crate::job::{self, JobResult};
use crate::proxies::{ServiceProxyBlocking, UnitProxyBlocking};
use crate::{Manager, ManagerError, refused};
use rustix::process::Pid;
use zbus::zvariant::OwnedObjectPath;

/// A unit that the manager has loaded.
#[derive(Clone, Debug)]
pub struct Unit {
    manager: Manager,
    name: String,
    path: OwnedObjectPath,
}

/// What a unit is doing (systemd: `unit_active_state_to_string`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActiveState {
    /// It runs.
    Active,
    /// It runs and reads its configuration again.
    Reloading,
    /// It does not run.
    Inactive,
    /// It does not run because it failed.
    Failed,
    /// It is starting.
    Activating,
    /// It is stopping.
    Deactivating,
    /// A word that later versions of systemd have.
    Other(String),
}

impl From<String> for ActiveState {
    fn from(word: String) -> ActiveState {
        match word.as_str() {
            "active" => ActiveState::Active,
            "reloading" => ActiveState::Reloading,
            "inactive" => ActiveState::Inactive,
            "failed" => ActiveState::Failed,
            "activating" => ActiveState::Activating,
            "deactivating" => ActiveState::Deactivating,
            _ => ActiveState::Other(word),
        }
    }
}

impl Unit {
    pub(crate) fn at(manager: Manager, name: &str, path: OwnedObjectPath) -> Result<Unit, ManagerError> {
        let unit = Unit { manager, name: name.to_owned(), path };
        let loaded = unit.unit()?.load_state().map_err(refused("ask whether the unit is loaded"))?;
        match loaded.as_str() {
            "not-found" => Err(ManagerError::NoSuchUnit { unit: name.to_owned() }),
            _ => Ok(unit),
        }
    }

    /// The name that the unit really has, where another one is an alias.
    pub fn id(&self) -> Result<String, ManagerError> {
        self.unit()?.id().map_err(refused("ask for the unit's name"))
    }

    /// What it is doing.
    pub fn active_state(&self) -> Result<ActiveState, ManagerError> {
        self.unit()?.active_state().map(ActiveState::from).map_err(refused("ask for the unit's state"))
    }

    /// What it is doing in more detail (systemd: `service_state_to_string`): `running`, `exited`, `auto-restart` …
    pub fn sub_state(&self) -> Result<String, ManagerError> {
        self.unit()?.sub_state().map_err(refused("ask for the unit's state"))
    }

    /// Which of its runs this is, or was the last: another one after each start (systemd.exec(5), `$INVOCATION_ID`); `None`
    /// before the first.
    pub fn invocation(&self) -> Result<Option<String>, ManagerError> {
        let id = self.unit()?.invocation_id().map_err(refused("ask for the unit's run"))?;
        let text: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The units that start this one when it is needed: sockets, timers, paths.
    pub fn triggered_by(&self) -> Result<Vec<String>, ManagerError> {
        self.unit()?.triggered_by().map_err(refused("ask what starts the unit"))
    }

    /// How often the manager has started a service again by itself, since it was last started on request.
    pub fn restarts(&self) -> Result<u32, ManagerError> {
        self.service()?.n_restarts().map_err(refused("ask how often the service was restarted"))
    }

    /// The control group of a service's processes, from the top of the hierarchy, such as `/system.slice/x.service`;
    /// `None` while it has no processes.
    pub fn control_group(&self) -> Result<Option<String>, ManagerError> {
        let group =
            self.service()?.control_group().map_err(refused("ask for the service's control group"))?;
        Ok(Some(group).filter(|group| !group.is_empty()))
    }

    /// A service's main process; `None` while it has none.
    pub fn main_process(&self) -> Result<Option<Pid>, ManagerError> {
        let pid = self.service()?.main_pid().map_err(refused("ask for the service's main process"))?;
        Ok(i32::try_from(pid).ok().and_then(Pid::from_raw))
    }

    /// How a service's last run ended (systemd: `service_result_to_string`): `success`, `exit-code`, `timeout` …
    pub fn result(&self) -> Result<String, ManagerError> {
        self.service()?.result().map_err(refused("ask for the service's result"))
    }

    /// Starts the unit and waits until the manager is done with that.
    pub fn start(&self) -> Result<JobResult, ManagerError> {
        job::run(&self.manager.proxy()?, "start the unit", |manager| {
            manager.start_unit(&self.name, "replace")
        })
    }

    /// Stops the unit and waits until the manager is done with that.
    pub fn stop(&self) -> Result<JobResult, ManagerError> {
        job::run(&self.manager.proxy()?, "stop the unit", |manager| manager.stop_unit(&self.name, "replace"))
    }

    /// Restarts the unit and waits until the manager is done with that: for a service that tells when it is ready, until
    /// it is.
    pub fn restart(&self) -> Result<JobResult, ManagerError> {
        job::run(&self.manager.proxy()?, "restart the unit", |manager| {
            manager.restart_unit(&self.name, "replace")
        })
    }

    /// Lets the unit read its configuration again and waits until the manager is done with that.
    pub fn reload(&self) -> Result<JobResult, ManagerError> {
        job::run(&self.manager.proxy()?, "reload the unit", |manager| {
            manager.reload_unit(&self.name, "replace")
        })
    }

    /// Forgets that the unit failed, and how often it was started.
    pub fn reset_failed(&self) -> Result<(), ManagerError> {
        self.manager.proxy()?.reset_failed_unit(&self.name).map_err(refused("reset the unit's failure"))
    }

    fn unit(&self) -> Result<UnitProxyBlocking<'_>, ManagerError> {
        UnitProxyBlocking::builder(&self.manager.connection)
            .path(&self.path)
            .and_then(|builder| builder.cache_properties(zbus::proxy::CacheProperties::No).build())
            .map_err(refused("talk to the unit"))
    }

    fn service(&self) -> Result<ServiceProxyBlocking<'_>, ManagerError> {
        ServiceProxyBlocking::builder(&self.manager.connection)
            .path(&self.path)
            .and_then(|builder| builder.cache_properties(zbus::proxy::CacheProperties::No).build())
            .map_err(refused("talk to the service"))
    }
}
