//! Where things lie for whoever runs a service: root, or an ordinary user.

use ringfence_sandbox::plan::Bases;
use ringfence_terms::AbsPath;
use rustix::process::geteuid;
use std::path::{Path, PathBuf};

/// Where `StateDirectory=` and its kin lie when the caller runs a service: where the system manager has them for root, where
/// a user's own manager has them for anybody else.
pub fn own_bases() -> Bases {
    if geteuid().is_root() {
        return Bases::system();
    }
    let set = |name: &str| AbsPath::parse(std::env::var_os(name)?).ok();
    let below_home = |rest: &str| set("HOME").and_then(|home| home.join(rest).ok());
    Bases::user(
        AbsPath::parse(own_runtime_directory()).ok(),
        set("XDG_STATE_HOME").or_else(|| below_home(".local/state")),
        set("XDG_CACHE_HOME").or_else(|| below_home(".cache")),
        set("XDG_CONFIG_HOME").or_else(|| below_home(".config")),
    )
}

/// A directory in which only the caller can have put something: `/run`, `$XDG_RUNTIME_DIR`, or, without a session, one for
/// the user in the temporary directory.
pub fn own_runtime_directory() -> PathBuf {
    let user = geteuid();
    if user.is_root() {
        return PathBuf::from("/run");
    }
    if let Some(directory) = std::env::var_os("XDG_RUNTIME_DIR").filter(|path| Path::new(path).is_dir()) {
        return PathBuf::from(directory);
    }
    let own = std::env::temp_dir().join(format!("ringfence-{}", user.as_raw()));
    // If it is there already it has to be the user's own; the first thing made in it fails otherwise.
    let _ = rustix::fs::mkdir(&own, rustix::fs::Mode::from_raw_mode(0o700));
    own
}
