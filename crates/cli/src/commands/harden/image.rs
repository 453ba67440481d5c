//! `harden --root DIR`: the service is tried inside the tree, whose own programs, accounts and systemd count.

use crate::failure::Failure;
use std::path::Path;

/// Makes the tree this process's root. Nothing of it is written: trials run on a shadow of it.
pub fn enter(root: &Path) -> Result<(), Failure> {
    ringfence_shadow::enter_image(root).map_err(|error| {
        Failure::input(format!("cannot try services inside {}: {error}", root.display()))
            .hint("the tree needs the directories dev, proc, run and sys, as a booted system has them")
    })
}
