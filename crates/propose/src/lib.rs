//! From what a service was seen to need to the tightest drop-in that leaves it that.
//!
//! [`propose`] is pure: it reads a profile, the unit's settings and the host's facts, and gives lines with the evidence
//! for each, what it left open and why, and what it grants that somebody should look at. It writes nothing and tries
//! nothing; trials tell it what was too tight through [`Options::relaxed`] and [`Options::granted`].
//!
//! One layer a file: a layer looks at one kind of need and answers with lines. A layer never loosens what the unit says
//! already.
#![forbid(unsafe_code)]

mod broker;
mod layers;
mod named;
mod names;
mod needs;
mod obstacles;
mod proposal;
mod rootless;
mod sensitive;
mod template;
mod versions;

pub use named::{Named, ReadText, named_in_configuration};
pub use names::own_programs;
pub use needs::Needs;
pub use obstacles::{Obstacle, obstacles};
pub use proposal::{Evidence, LeftOpen, Level, Line, Options, Package, Proposal, Strength};
pub use rootless::needed_capabilities;

use crate::rootless::Rootless;
use ringfence_profile::Profile;
use ringfence_sandbox::facts::Facts;
use ringfence_settings::Settings;
use ringfence_settings::catalogue::{self, Section};

/// Everything that a layer may look at.
pub(crate) struct Case<'a> {
    pub needs: Needs<'a>,
    pub settings: &'a Settings,
    pub facts: &'a dyn Facts,
    pub options: &'a Options,
    /// The service's job is to run other people's programs, with reasons.
    pub broker: Vec<Evidence>,
    /// It is to be started as the user that it becomes; `settings` says so already.
    pub rootless: Option<Rootless>,
}

impl Case<'_> {
    /// A trial has shown that the directive breaks the service.
    pub fn is_relaxed(&self, directive: &str) -> bool {
        self.options.relaxed.contains(directive)
    }

    /// Whether the systemd that will read the drop-in knows the directive.
    pub fn is_known(&self, directive: &str) -> bool {
        catalogue::find(Section::Service, directive).is_some_and(|d| d.since.is_in(self.options.systemd))
    }
}

/// Proposes a drop-in.
pub fn propose(profile: &Profile, settings: &Settings, facts: &dyn Facts, options: &Options) -> Proposal {
    let needs = Needs::of(profile);
    let broker = broker::evidence(&needs, settings);
    let asked = options;
    let options = &Options { level: versions::level(options), ..options.clone() };
    let rootless = Rootless::of(&needs, settings, facts, options).filter(|_| broker.is_empty());
    let as_user = rootless.as_ref().map(|rootless| rootless.settings(settings));
    let settings = as_user.as_ref().unwrap_or(settings);
    let case = Case { needs, settings, facts, options, broker, rootless };
    let mut proposal = Proposal::default();
    for layer in layers::ALL {
        layer(&case, &mut proposal);
    }
    versions::fit(&mut proposal, asked, facts);
    sensitive::mark(&case, &mut proposal);
    proposal
}
