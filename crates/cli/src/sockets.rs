//! The socket units of a service, and what is to be said about them.

use crate::context::Context;
use crate::failure::Failure;
use ringfence_settings::Settings;
use ringfence_sockets::{SocketUnit, of_service};
use ringfence_unit::Unit;
use ringfence_unit::find::{Environment, SearchPath, UnitTree};
use std::path::Path;

impl Context {
    /// The socket units that start a service: where systemd looks for units, or beside the file that `text` names. What
    /// they ask for and will not get is said.
    pub fn sockets(&self, text: &str, unit: &Unit, settings: &Settings) -> Result<Vec<SocketUnit>, Failure> {
        let tree = match text.contains('/') {
            false => self.units()?,
            true => {
                let directory = std::path::absolute(text)?;
                let directory = directory.parent().unwrap_or(Path::new("/")).to_path_buf();
                let search = SearchPath::of_dirs(self.tree()?, self.manager, [directory]);
                UnitTree::open(search, Environment::of_process())
            }
        };
        let found = of_service(&tree, unit, settings);
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
        Ok(found.used)
    }
}
