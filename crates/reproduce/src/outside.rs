//! A unit without its sandbox.

use ringfence_settings::{CapabilitySet, Paths, Sandbox, Settings, Syscalls};
use ringfence_terms::Sourced;

/// The same service outside of its sandbox: its commands, user, environment, directories and what it is given stay, and
/// everything that takes something away goes. Of binds, those stay that show a path at another place: there is nothing
/// at that place without them. A root directory of its own stays, as the service's files are there.
pub fn outside(settings: &Settings) -> Settings {
    let mut free = settings.clone();
    let (paths, sandbox) = (&settings.paths, &settings.sandbox);
    let elsewhere = paths.binds.iter().filter(|bind| bind.value.source != bind.value.destination);
    free.paths = Paths {
        root_directory: paths.root_directory.clone(),
        root_directory_start_only: paths.root_directory_start_only.clone(),
        working_directory: paths.working_directory.clone(),
        binds: elsewhere.cloned().collect(),
        exec_search_path: paths.exec_search_path.clone(),
        ..Paths::default()
    };
    free.sandbox = Sandbox {
        bounding_set: Sourced::built_in(CapabilitySet::ALL),
        ambient: sandbox.ambient.clone(),
        delegate: sandbox.delegate.clone(),
        log_namespace: sandbox.log_namespace.clone(),
        ..Sandbox::default()
    };
    free.syscalls = Syscalls::default();
    free
}
