//! Taking back what was installed, and ending what somebody else began.

use crate::install::{Tell, commit, remove_made, undo};
use crate::services::Services;
use crate::slot;
use crate::state::{Before, Change, Goal, Installed, Locked, Step, VERSION};
use crate::{ApplyError, cannot, file, tree};
use ringfence_manager::{ActiveState, ManagerError};
use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::path::PathBuf;

/// What taking back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The drop-in had been changed since it was installed; what was made of it is kept here.
    pub edited: Option<PathBuf>,
}

/// Takes back what was installed for a unit: what was there before the first installation is there again. A service that runs is
/// restarted, and one that failed is started; one that was stopped stays so.
///
/// # Errors
/// When nothing is installed; when a step fails, from which the next call goes on.
pub fn remove(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    unit: &str,
    tell: &mut Tell<'_>,
) -> Result<Removed, ApplyError> {
    recover(locked, services, tell)?;
    let installed =
        locked.installed(unit)?.ok_or_else(|| ApplyError::NotInstalled { unit: unit.to_owned() })?;
    let mut failed = Vec::new();
    let mut before = Vec::new();
    if let Some(services) = services {
        for unit in services.concerned(unit)? {
            let (running, invocation) = match services.look(&unit) {
                Ok(look) => {
                    if look.state == ActiveState::Failed {
                        failed.push(unit.clone());
                    }
                    (look.is_running(), look.invocation)
                }
                // The service is gone, package and all; what is left of ours is to go, too.
                Err(ApplyError::Manager(ManagerError::NoSuchUnit { .. })) => (false, None),
                Err(error) => return Err(error),
            };
            before.push(Before { unit, running, invocation });
        }
    }
    let mut change = Change {
        version: VERSION,
        unit: unit.to_owned(),
        goal: Goal::Remove,
        step: Step::Prepared,
        directory: installed.directory.clone(),
        previous: installed.original,
        again: false,
        text: installed.text,
        made: installed.made,
        services: before,
    };
    locked.write_down(&change)?;
    let removed = carry_out(locked, services, &mut change, tell)?;
    // It may have failed because of what is gone now; nobody has stopped it.
    for unit in failed {
        if let Some(services) = services {
            tell(&format!("starting {unit}, which had failed"));
            services.restart(&unit)?;
        }
    }
    Ok(removed)
}

/// From wherever it is to the end.
fn carry_out(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    change: &mut Change,
    tell: &mut Tell<'_>,
) -> Result<Removed, ApplyError> {
    tell(&format!("restoring {}", locked.tree.outside(&change.directory).display()));
    let edited = put_back(locked, change)?;
    change.step = Step::Written;
    locked.write_down(change)?;
    if let Some(services) = services {
        tell("letting the service manager read it");
        services.reload()?;
        for before in change.services.iter().filter(|before| before.running) {
            let now = services.look(&before.unit)?;
            // A run that is another one already was started with what is there now.
            if now.invocation == before.invocation || !now.is_running() {
                tell(&format!("restarting {}", before.unit));
                services.restart(&before.unit)?;
            }
        }
    }
    remove_made(locked, &change.made)?;
    locked.forget(&change.unit)?;
    locked.strike_out()?;
    Ok(Removed { edited })
}

fn put_back(locked: &Locked<'_>, change: &Change) -> Result<Option<PathBuf>, ApplyError> {
    let shown = locked.tree.outside(&change.directory);
    let directory = match locked.tree.open(&change.directory) {
        Ok(directory) => directory,
        // Somebody removed all of it.
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(cannot("open", shown.display())(errno)),
    };
    let mut edited = None;
    let kept = file::stat(&directory, slot::ORIGINAL).map_err(cannot("look at", shown.display()))?.is_some();
    if change.previous && !kept {
        // An earlier attempt got so far, or somebody removed what was kept; then there is nothing to put back.
        return Ok(None);
    }
    let content = file::open(&directory, slot::NAME)
        .and_then(|file| file.map(|file| file::read(&file)).transpose())
        .map_err(cannot("read", shown.join(slot::NAME).display()))?;
    if content.is_some_and(|content| content != change.text.as_bytes()) {
        let saved = file::remove(&directory, slot::EDITED).and_then(|()| {
            rustix::fs::linkat(&directory, slot::NAME, &directory, slot::EDITED, AtFlags::empty())
        });
        saved.map_err(cannot("keep a copy of", shown.join(slot::NAME).display()))?;
        edited = Some(shown.join(slot::EDITED));
    }
    let restored = match change.previous {
        true => rustix::fs::renameat(&directory, slot::ORIGINAL, &directory, slot::NAME),
        false => file::remove(&directory, slot::NAME),
    };
    restored.and_then(|()| tree::sync(&directory)).map_err(cannot("restore", shown.display()))?;
    Ok(edited)
}

/// What became of a change that somebody else began.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Recovered {
    /// A drop-in that was proven is installed.
    Finished(String),
    /// A drop-in that was not proven is gone.
    Undone(String),
    /// A drop-in is taken back.
    Removed(String),
}

/// Ends what somebody began who was killed: an installation that was not proven is undone, one that was is finished, and so is
/// taking back.
///
/// # Errors
/// When a step fails, from which the next call goes on.
pub fn recover(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    tell: &mut Tell<'_>,
) -> Result<Option<Recovered>, ApplyError> {
    let Some(mut change) = locked.unfinished()? else { return Ok(None) };
    let unit = change.unit.clone();
    match change.goal {
        Goal::Install if change.step == Step::Watched => {
            commit(locked, &change).map(|()| Some(Recovered::Finished(unit)))
        }
        Goal::Install => undo(locked, services, &change).map(|()| Some(Recovered::Undone(unit))),
        Goal::Remove => {
            carry_out(locked, services, &mut change, tell).map(|_| Some(Recovered::Removed(unit)))
        }
    }
}

impl Installed {
    /// The drop-in's path, from the root of its tree on.
    pub fn file(&self) -> PathBuf {
        self.directory.join(slot::NAME)
    }
}
