//! Ending what an earlier call began that was killed.

use crate::aside::ask_aside;
use crate::commands::rollback;
use crate::context::Context;
use crate::failure::Failure;
use crate::recorders::chain;
use anstyle::{AnsiColor, Style};
use ringfence_apply::{ApplyError, Recovered, System, Tree, recover};
use ringfence_unit::Manager;
use std::sync::Arc;

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Whatever the command, an installation that stopped half-way is ended first: it costs one look at a file. Who may not do that is
/// told; a change that goes on at this moment is left alone.
pub fn of_what_was_begun(context: &Context) -> Option<Recovered> {
    if let Some(root) = &context.root {
        return in_tree(Tree::below(root), context.manager, context);
    }
    let [ours, other] = match context.manager {
        Manager::System => [Manager::System, Manager::User],
        Manager::User => [Manager::User, Manager::System],
    };
    let of_other = in_tree(rollback::tree_of(other), other, context);
    in_tree(rollback::tree_of(ours), ours, context).or(of_other)
}

fn in_tree(tree: Result<Tree, ApplyError>, whose: Manager, context: &Context) -> Option<Recovered> {
    // A tree that is not there is told by whoever needs it.
    let tree = tree.ok().filter(Tree::has_unfinished_change)?;
    // Nothing of that is to be left in this process, which may run trials next.
    match ask_aside(|| ended(&tree, whose, context)) {
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

fn ended(tree: &Tree, whose: Manager, context: &Context) -> Result<Option<Recovered>, Failure> {
    match of(tree, whose, context) {
        Err(ApplyError::Busy) => Ok(None),
        other => other.map_err(|error| Failure::input(chain(&error))),
    }
}

/// Ends it in one tree.
fn of(tree: &Tree, whose: Manager, context: &Context) -> Result<Option<Recovered>, ApplyError> {
    let system = System::new(whose, Arc::default());
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
