//! The place through which systemd can move mounts into a running service.

use crate::failure::Failure;
use crate::step::Step;
use ringfence_sandbox::facts::Facts;
use ringfence_settings::Settings;
use rustix::fs::{CWD, Mode, mkdirat};
use rustix::io::Errno;
use std::path::Path;

/// Makes the unit's directory below `/run/systemd/propagate`, which every sandbox shows at `/run/systemd/incoming` on a
/// machine that systemd booted (systemd: `src/core/namespace.c: setup_namespace`). It stays, as systemd leaves it.
pub fn make_place(settings: &Settings, facts: &dyn Facts) -> Result<(), Failure> {
    let features = facts.features();
    if !features.booted_with_systemd || !features.privileged {
        return Ok(());
    }
    let base = Path::new("/run/systemd/propagate");
    let place = base.join(settings.unit.as_str());
    for (directory, mode) in [(base, 0o755), (place.as_path(), 0o600)] {
        match mkdirat(CWD, directory, Mode::from_raw_mode(mode)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => {
                let what = format!("make {}", directory.display());
                return Err(Failure::new(Step::Namespace, what).errno(errno).path(directory));
            }
        }
    }
    Ok(())
}
