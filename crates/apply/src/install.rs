//! Installing a drop-in, step by step, each written down before the next.

use crate::remove::recover;
use crate::services::Services;
use crate::slot::{self, Slot};
use crate::state::{Before, Change, Goal, Installed, Locked, Step, VERSION};
use crate::tree::{self, Missing};
use crate::{ApplyError, cannot, file};
use rustix::fs::AtFlags;
use rustix::io::Errno;

/// What is to be installed.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// The unit's own name; that of a template, for all of its instances.
    pub unit: &'a str,
    /// Where.
    pub slot: &'a Slot,
    /// The drop-in.
    pub text: &'a str,
    /// Directories that its lines need.
    pub directories: &'a [Missing],
    /// What is done with the service.
    pub drive: Drive,
}

/// What is done with the service, to see that it works with the drop-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Drive {
    /// It runs, and is started again.
    Restart,
    /// It does not run: it is started, and stopped at the end.
    StartAndStop,
    /// It is left alone: whoever starts it next will see.
    Nothing,
}

/// Why a drop-in was not installed, and what came of taking it back.
#[derive(Debug)]
pub struct NotInstalled {
    /// Why.
    pub why: String,
    /// Whether everything is as before.
    pub restored: Result<(), ApplyError>,
}

/// Sees whether the services work that were restarted, whose names it is told; else says why not.
pub type Prove<'p> = dyn FnMut(&[String]) -> Result<(), String> + 'p;

/// Hears of each step before it is done.
pub type Tell<'t> = dyn FnMut(&str) + 't;

/// Installs a drop-in, and takes it back if the service does not work with it. Without `services` (in an image), it is only
/// put in its place.
///
/// # Errors
/// When it is not installed. Then everything is as before, or [`NotInstalled::restored`] says why it is not.
pub fn install(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    what: &Install<'_>,
    prove: &mut Prove<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), NotInstalled> {
    let untouched = |error: ApplyError| NotInstalled { why: error.to_string(), restored: Ok(()) };
    recover(locked, services, tell).map_err(untouched)?;
    let mut change = prepare(locked, services, what).map_err(untouched)?;
    locked.write_down(&change).map_err(untouched)?;
    let done = steps(locked, services, what, &mut change, prove, tell)
        .and_then(|()| commit(locked, &change).map_err(|error| error.to_string()));
    done.map_err(|why| {
        tell("taking it back");
        NotInstalled { why, restored: undo(locked, services, &change) }
    })
}

fn prepare(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    what: &Install<'_>,
) -> Result<Change, ApplyError> {
    let mut before = Vec::new();
    if let Some(services) = services {
        for unit in services.concerned(what.unit)? {
            let look = services.look(&unit)?;
            before.push(Before { running: look.is_running(), invocation: look.invocation, unit });
        }
    }
    let directory = &what.slot.directory;
    let shown = locked.tree.outside(directory);
    // It may have been made since the slot was looked at.
    let mut made = locked.tree.missing(directory).map_err(cannot("look at", shown.display()))?;
    let previous = match made.is_empty() {
        true => {
            let opened = locked.tree.open(directory).map_err(cannot("open", shown.display()))?;
            what.slot.previous(&opened)?
        }
        false => false,
    };
    let again = locked.installed(what.unit)?.is_some();
    for directory in what.directories {
        // One that is there is not ours to remove.
        if locked.tree.open(&directory.path).is_err_and(|errno| errno == Errno::NOENT) {
            made.push(directory.path.clone());
        }
    }
    Ok(Change {
        version: VERSION,
        unit: what.unit.to_owned(),
        goal: Goal::Install,
        step: Step::Prepared,
        directory: directory.clone(),
        previous,
        again,
        text: what.text.to_owned(),
        made,
        services: before,
    })
}

fn steps(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    what: &Install<'_>,
    change: &mut Change,
    prove: &mut Prove<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), String> {
    let words = |error: ApplyError| error.to_string();
    let reach = |change: &mut Change, step: Step| {
        change.step = step;
        locked.write_down(change).map_err(words)
    };
    tell(&format!("writing {}", locked.tree.outside(&what.slot.file()).display()));
    write(locked, what, change).map_err(words)?;
    reach(change, Step::Written)?;
    let Some(services) = services else { return reach(change, Step::Watched) };
    tell("letting the service manager read it");
    services.reload().map_err(words)?;
    reach(change, Step::Reloaded)?;
    if what.drive == Drive::Nothing {
        prove(&[])?;
        return reach(change, Step::Watched);
    }
    // An instance that had failed is not started for this.
    let several = change.services.len() > 1;
    let meant = change.services.iter().filter(|before| before.running || !several);
    let restarted: Vec<String> = meant.map(|before| before.unit.clone()).collect();
    for unit in &restarted {
        tell(&format!("restarting {unit}"));
        services.restart(unit).map_err(words)?;
    }
    reach(change, Step::Restarted)?;
    prove(&restarted)?;
    if what.drive == Drive::StartAndStop {
        for unit in &restarted {
            services.stop(unit).map_err(words)?;
        }
    }
    reach(change, Step::Watched)
}

/// Makes the directories and puts the file in its place; the one that was there is kept under another name.
fn write(locked: &Locked<'_>, what: &Install<'_>, change: &Change) -> Result<(), ApplyError> {
    let tree = locked.tree;
    for missing in what.slot.to_make().iter().chain(what.directories) {
        tree.make(missing).map_err(cannot("make", tree.outside(&missing.path).display()))?;
    }
    let shown = tree.outside(&what.slot.file());
    let directory = tree.open(&what.slot.directory).map_err(cannot("open", shown.display()))?;
    let mut like = None;
    if change.previous {
        let kept = file::remove(&directory, slot::PREVIOUS).and_then(|()| {
            // A second name for the same file: putting it back needs no space, and changes nothing of it.
            rustix::fs::linkat(&directory, slot::NAME, &directory, slot::PREVIOUS, AtFlags::empty())
        });
        kept.map_err(cannot("keep a copy of", shown.display()))?;
        // One that is a link keeps nothing that a file could take over.
        like = file::open(&directory, slot::NAME).ok().flatten();
    }
    file::replace(&directory, slot::NAME, change.text.as_bytes(), like.as_ref())
        .map_err(cannot("write", shown.display()))
}

/// What is installed stays. May be repeated.
pub(crate) fn commit(locked: &Locked<'_>, change: &Change) -> Result<(), ApplyError> {
    let before = locked.installed(&change.unit)?.filter(|_| change.again);
    let mut made = before.as_ref().map_or_else(Vec::new, |before| before.made.clone());
    made.extend(change.made.iter().filter(|path| !made.contains(path)).cloned().collect::<Vec<_>>());
    locked.remember(&Installed {
        version: VERSION,
        unit: change.unit.clone(),
        directory: change.directory.clone(),
        original: before.map_or(change.previous, |before| before.original),
        text: change.text.clone(),
        made,
    })?;
    let shown = locked.tree.outside(&change.directory);
    let directory = locked.tree.open(&change.directory).map_err(cannot("open", shown.display()))?;
    let tidied = match (change.previous, change.again) {
        (false, _) => Ok(()),
        (true, true) => file::remove(&directory, slot::PREVIOUS),
        (true, false) => match rustix::fs::renameat(&directory, slot::PREVIOUS, &directory, slot::ORIGINAL) {
            // An earlier attempt got so far.
            Err(Errno::NOENT) => Ok(()),
            other => other,
        },
    };
    tidied.and_then(|()| tree::sync(&directory)).map_err(cannot("tidy", shown.display()))?;
    locked.strike_out()
}

/// Everything is as before the change. May be repeated, from whatever step on.
pub(crate) fn undo(
    locked: &Locked<'_>,
    services: Option<&dyn Services>,
    change: &Change,
) -> Result<(), ApplyError> {
    let tree = locked.tree;
    let shown = tree.outside(&change.directory);
    match tree.open(&change.directory) {
        Ok(directory) => {
            let restored = file::remove(&directory, file::BESIDE).and_then(|()| {
                if !change.previous {
                    return file::remove(&directory, slot::NAME);
                }
                match rustix::fs::renameat(&directory, slot::PREVIOUS, &directory, slot::NAME) {
                    // The other name was not made yet, so the file was not replaced.
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(errno) => return Err(errno),
                }
                // Of two names for one file, rename(2) removes none.
                file::remove(&directory, slot::PREVIOUS)
            });
            restored.and_then(|()| tree::sync(&directory)).map_err(cannot("restore", shown.display()))?;
        }
        Err(Errno::NOENT) => {}
        Err(errno) => return Err(cannot("open", shown.display())(errno)),
    }
    if let Some(services) = services {
        services.reload()?;
        // Whatever becomes of one, the others are seen to, too.
        let settled: Vec<_> = change.services.iter().map(|before| settle(services, before)).collect();
        settled.into_iter().collect::<Result<(), ApplyError>>()?;
    }
    remove_made(locked, &change.made)?;
    locked.strike_out()
}

/// The service runs with what is there now, if it ran; and does not, if it did not. One that was never started anew is left
/// alone.
fn settle(services: &dyn Services, before: &Before) -> Result<(), ApplyError> {
    let unit = &before.unit;
    let now = services.look(unit)?;
    let same = now.invocation == before.invocation;
    match before.running {
        true if same && now.is_running() => Ok(()),
        true => services.restart(unit),
        false if now.is_running() && !same => services.stop(unit),
        false => Ok(()),
    }
}

/// Removes the directories that were made, where nothing is in them.
pub(crate) fn remove_made(locked: &Locked<'_>, made: &[std::path::PathBuf]) -> Result<(), ApplyError> {
    for path in made.iter().rev() {
        let shown = locked.tree.outside(path);
        locked.tree.remove_if_empty(path).map_err(cannot("remove", shown.display()))?;
    }
    Ok(())
}
