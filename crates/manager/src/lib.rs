//! The running service manager, through its D-Bus interface (org.freedesktop.systemd1(5)).
//!
//! This crate promises to ask and to wait for answers; it starts no process, reads no unit file, and changes nothing but
//! what its caller asks the manager to change.
#![forbid(unsafe_code)]

mod job;
mod proxies;
mod unit;

pub use job::JobResult;
pub use unit::{ActiveState, Unit};

use proxies::ManagerProxyBlocking;
use zbus::blocking::{Connection, connection};

/// A connection to a service manager.
#[derive(Clone, Debug)]
pub struct Manager {
    connection: Connection,
}

/// Why the manager could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagerError {
    /// There is no service manager to talk to, or no bus to reach it by.
    #[error("no service manager answers on the bus: {0}")]
    Unreachable(String),
    /// The manager does not know such a unit.
    #[error("the service manager knows no unit {unit}")]
    NoSuchUnit {
        /// The unit that was asked for.
        unit: String,
    },
    /// The manager, or the bus, refused.
    #[error("failed to {step}")]
    Refused {
        /// What was asked, as it reads after "failed to".
        step: &'static str,
        /// What the other side says.
        source: zbus::Error,
    },
}

fn refused(step: &'static str) -> impl Fn(zbus::Error) -> ManagerError {
    move |source| ManagerError::Refused { step, source }
}

impl Manager {
    /// Connects to the manager of the system or of the user, by the bus: a manager answers on a socket of its own as well, but not
    /// under a name that `zbus` takes for a sender's.
    pub fn connect(whose: ringfence_unit::Manager) -> Result<Manager, ManagerError> {
        let bus = match whose {
            ringfence_unit::Manager::System => connection::Builder::system(),
            ringfence_unit::Manager::User => connection::Builder::session(),
        };
        let connection = bus.and_then(|b| b.build()).map_err(|e| ManagerError::Unreachable(e.to_string()))?;
        Ok(Manager { connection })
    }

    /// A unit, loaded if it was not.
    pub fn unit(&self, name: &str) -> Result<Unit, ManagerError> {
        let path = self.proxy()?.load_unit(name).map_err(refused("load the unit"))?;
        Unit::at(self.clone(), name, path)
    }

    /// The names of the loaded units that are in one of these states (`active`, `failed` …) and match one of these patterns
    /// (systemctl(1), `list-units`).
    pub fn units(&self, states: &[&str], patterns: &[&str]) -> Result<Vec<String>, ManagerError> {
        let listed =
            self.proxy()?.list_units_by_patterns(states, patterns).map_err(refused("list the units"))?;
        Ok(listed.into_iter().map(|(name, ..)| name).collect())
    }

    /// Reads all unit files again, as `systemctl daemon-reload` does.
    pub fn reload(&self) -> Result<(), ManagerError> {
        self.proxy()?.reload().map_err(refused("reload the service manager"))
    }

    fn proxy(&self) -> Result<ManagerProxyBlocking<'static>, ManagerError> {
        ManagerProxyBlocking::new(&self.connection).map_err(refused("talk to the service manager"))
    }
}
