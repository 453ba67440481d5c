//! The socket units of a service, and what is to be said about them.

use crate::context::Context;
use ringfence_settings::Settings;
use ringfence_sockets::{SocketUnit, of_service};
use ringfence_unit::Unit;
use ringfence_unit::find::UnitTree;

impl Context {
    /// The socket units of a tree that start a service. What they ask for and will not get is said.
    pub fn sockets(&self, units: &UnitTree, unit: &Unit, settings: &Settings) -> Vec<SocketUnit> {
        let found = of_service(units, unit, settings);
        for socket in &found.used {
            self.complain(&socket.complaints);
            for line in &socket.settings.not_enforced {
                self.note(format_args!("weaker: {}: {}", line.origin, line.why));
            }
        }
        for name in &found.unused {
            self.note(format_args!(
                "{name} could start {}, but is not enabled: the service gets no socket of it",
                unit.id
            ));
        }
        for origin in &found.missing {
            self.note(format_args!(
                "{origin}: there is no such socket unit; the service gets no socket of it"
            ));
        }
        found.used
    }
}
