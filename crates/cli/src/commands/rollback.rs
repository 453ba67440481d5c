//! `ringfence rollback UNIT`: what `harden --apply` installed goes, and what was there before comes back.

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use crate::recorders::chain;
use ringfence_apply::{ApplyError, Recovered, Removed, System, Tree, recover, remove};
use ringfence_unit::Manager;
use ringfence_unit::find::{Environment, UserDirs};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name
    #[arg(required_unless_present = "unfinished")]
    unit: Option<String>,
    /// Only end what an earlier call began and was killed in; waits for one that goes on
    #[arg(long, conflicts_with = "unit")]
    unfinished: bool,
}

#[derive(Serialize)]
struct Document {
    version: u32,
    unit: String,
    restored: bool,
    edited: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if !matches!(context.format, Format::Text | Format::Json) {
        return Err(context.no_such_format("rollback"));
    }
    let needs_root = context.root.is_none() && context.manager == Manager::System;
    if needs_root && !rustix::process::geteuid().is_root() {
        return Err(Failure::input("rollback needs root: it changes what the service manager reads")
            .hint("run it as root"));
    }
    let tree = tree(context)?;
    let system = System::new(context.manager, Arc::default());
    let services = context.root.is_none().then_some(&system as _);
    let Some(unit) = &args.unit else {
        if tree.has_unfinished_change() {
            let locked = tree.lock(true).map_err(|error| failure(&error))?;
            recover(&locked, services, &mut |step| context.note(step)).map_err(|error| failure(&error))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    // A unit that is gone, package and all, may still have a drop-in of ours.
    let unit = context.unit_as_it_is(unit)?.id.to_string();
    let removed = if tree.has_installed(&unit) || tree.has_unfinished_change() {
        let locked = tree.lock(true).map_err(|error| failure(&error))?;
        remove(&locked, services, &unit, &mut |step| context.note(step))
    } else {
        Err(ApplyError::NotInstalled { unit: unit.clone() })
    };
    let removed = match removed {
        // What an earlier call had begun was undone a moment ago: that was all there was.
        Err(ApplyError::NotInstalled { .. }) if was_undone(context, &unit) => Removed { edited: None },
        other => other.map_err(|error| failure(&error))?,
    };
    if let Some(edited) = &removed.edited {
        context.note(format_args!(
            "the drop-in had been changed since it was installed; what was made of it is kept as {}",
            edited.display()
        ));
    }
    match context.format {
        Format::Json => {
            crate::output::json(&Document { version: 1, unit, restored: true, edited: removed.edited })?;
        }
        _ => crate::output::text(&format!("{unit} is as it was before ringfence hardened it\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn was_undone(context: &Context, unit: &str) -> bool {
    matches!(&context.recovered, Some(Recovered::Undone(of) | Recovered::Removed(of)) if of == unit)
}

/// The machine's files, as the system's manager or the user's sees them.
pub fn tree_of(manager: Manager) -> Result<Tree, ApplyError> {
    match manager {
        Manager::System => Tree::machine(),
        Manager::User => {
            let own = UserDirs::new(&Environment::of_process());
            Tree::of_user(&own.configuration, &own.state)
        }
    }
}

/// The files whose state is meant.
pub fn tree(context: &Context) -> Result<Tree, Failure> {
    let tree = match &context.root {
        None => tree_of(context.manager),
        Some(root) => Tree::below(root),
    };
    tree.map_err(|error| failure(&error))
}

/// What went wrong, and what to do.
pub fn failure(error: &ApplyError) -> Failure {
    let failure = Failure::input(chain(error));
    match error {
        ApplyError::NotInstalled { .. } => {
            failure.hint("only what harden --apply installed can be taken back")
        }
        ApplyError::File { errno, .. } if *errno == rustix::io::Errno::ACCESS => {
            failure.hint("run it as root")
        }
        ApplyError::Job { unit, .. } => {
            failure.status(1).hint(format!("systemctl status {unit} and ringfence diagnose {unit} say more"))
        }
        _ => failure,
    }
}
