//! Hardening a template: one of its instances is tried, and what is found holds for all.

use super::Args;
use crate::aside::ask_aside;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_apply::System;
use ringfence_settings::Settings;
use ringfence_sockets::{SocketUnit, of_service};
use ringfence_unit::{Unit, UnitName};
use std::sync::Arc;

/// What trials run.
pub struct Tried {
    /// The unit, as it is named on the command line; of a template an instance, unless connections make those.
    pub text: String,
    /// The template that was named.
    pub template: Option<UnitName>,
}

impl Tried {
    /// The unit that was named; where that is a template, the first of its instances that runs, else the first that is
    /// enabled. One whose instances are made for connections needs none.
    pub fn of(args: &Args, context: &Context) -> Result<Tried, Failure> {
        let named = Tried { text: args.unit.clone(), template: None };
        if args.unit.contains('/') {
            return Ok(named);
        }
        let unit = context.unit(&args.unit)?;
        if !unit.id.is_template() {
            return Ok(named);
        }
        if serves_connections(&unit, context)? {
            return Ok(Tried { template: Some(unit.id), ..named });
        }
        let template = unit.id;
        let instance = match running(&template, context)? {
            Some(running) => Some(running),
            None => enabled(&template, context)?,
        };
        let Some(instance) = instance else {
            if !args.apply {
                context
                    .note(format_args!("{template} has no instance: it is tried with an empty name for one"));
                return Ok(named);
            }
            return Err(Failure::input(format!(
                "no instance of {template} runs or is enabled, so there is nothing to prove a drop-in on"
            ))
            .hint(format!(
                "start one; or name one, to harden it alone: {}@NAME.{}",
                template.prefix(),
                template.suffix()
            )));
        };
        context.note(format_args!("{template} is a template; {instance} is what is tried"));
        Ok(Tried { text: instance, template: Some(template) })
    }
}

/// Whether a socket unit with `Accept=yes` starts it.
fn serves_connections(unit: &Unit, context: &Context) -> Result<bool, Failure> {
    let (settings, _) = Settings::from_unit(unit);
    let sockets = of_service(&context.units()?, unit, &settings).used;
    Ok(sockets.iter().any(SocketUnit::accepts))
}

fn running(template: &UnitName, context: &Context) -> Result<Option<String>, Failure> {
    if context.root.is_some() {
        return Ok(None);
    }
    // Where no service manager answers, none runs.
    let running = ask_aside(|| {
        Ok(System::new(context.manager, Arc::default()).running_instances(template).unwrap_or_default())
    })?;
    Ok(running.into_iter().next())
}

fn enabled(template: &UnitName, context: &Context) -> Result<Option<String>, Failure> {
    let services = context.units()?.services();
    Ok(services.iter().find(|name| name.template().as_ref() == Some(template)).map(ToString::to_string))
}
