//! Ending what an earlier call began that was killed.

use crate::aside::ask_aside;
use crate::context::Context;
use crate::failure::Failure;
use crate::recorders::chain;
use anstyle::{AnsiColor, Style};
use ringfence_apply::{ApplyError, Recovered, System, Tree, recover};
use std::sync::Arc;

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Whatever the command, an installation that stopped half-way is ended first: it costs one look at a file. Who may not do that is
/// told; a change that goes on at this moment is left alone.
pub fn of_what_was_begun(context: &Context) -> Option<Recovered> {
    let tree = match &context.root {
        None => Tree::machine(),
        Some(root) => Tree::below(root),
    };
    // A tree that is not there is told by whoever needs it.
    let tree = tree.ok().filter(Tree::has_unfinished_change)?;
    // Nothing of that is to be left in this process, which may run trials next.
    match ask_aside(|| ended(&tree, context)) {
        Ok(recovered) => recovered,
        Err(failure) => {
            anstream::eprintln!(
                "{WARNING}warning{WARNING:#}: an earlier ringfence stopped half-way, and that cannot be put right: {}",
                failure.message()
            );
            None
        }
    }
}

fn ended(tree: &Tree, context: &Context) -> Result<Option<Recovered>, Failure> {
    match of(tree, context) {
        Err(ApplyError::Busy) => Ok(None),
        other => other.map_err(|error| Failure::input(chain(&error))),
    }
}

/// Ends it in one tree.
fn of(tree: &Tree, context: &Context) -> Result<Option<Recovered>, ApplyError> {
    let system = System::new(Arc::default());
    let services = context.root.is_none().then_some(&system as _);
    let locked = tree.lock(false)?;
    let recovered = recover(&locked, services, &mut |step| context.note_in_detail(step))?;
    let told = match &recovered {
        None => return Ok(None),
        Some(Recovered::Finished(unit)) => format!("{unit}: the drop-in was proven, and stays"),
        Some(Recovered::Undone(unit)) => {
            format!("{unit}: the drop-in was not proven yet; everything is as before")
        }
        Some(Recovered::Removed(unit)) => format!("{unit}: the drop-in is taken back"),
    };
    context.note(format_args!("{WARNING}note{WARNING:#}: an earlier ringfence stopped half-way. {told}"));
    Ok(recovered)
}
