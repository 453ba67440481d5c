//! One plan, read by everyone: what a service will see, computed from its settings and the host's facts.
//!
//! [`plan::Plan`] is pure data; computing it changes nothing and reads nothing but the [`facts::Facts`] that it is
//! handed. The engine applies it, [`decide`] answers questions about it, and the command line draws it: what ringfence
//! explains is what it enforces.
//!
//! In reading order: [`facts`] is what must be known of the machine; [`plan`] collects, sorts, prunes and simulates the
//! entries of a unit's settings; [`tree`] is the kernel's mount tree, simulated; [`view`] is what the service sees in the
//! end; [`decide`] answers one access; [`fix`] finds the lines that open a denied one.
//!
//! ```
//! use ringfence_sandbox::decide::{Credentials, decide};
//! use ringfence_sandbox::facts::fake::FakeFacts;
//! use ringfence_sandbox::plan::{For, Mode, Plan};
//! use ringfence_sandbox::view::View;
//! use ringfence_settings::{ProtectSystem, Settings};
//! use ringfence_terms::{Access, AccessKind, Errno};
//! use ringfence_unit::{Manager, UnitName};
//!
//! let mut settings = Settings::defaults(UnitName::parse("web.service")?, Manager::System);
//! settings.sandbox.protect_system.value = ProtectSystem::Full;
//! let machine = FakeFacts::debian();
//! let plan = Plan::of(&settings, &machine, &For::main(), Mode::Faithful);
//! let access = Access { path: "/etc/passwd".parse()?, kind: AccessKind::Write };
//! let verdict = decide(&View::of(&plan, &machine), &Credentials::of(&settings, &machine), &access);
//! assert_eq!(verdict.errno(), Some(Errno::EROFS));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod decide;
pub mod facts;
pub mod fix;
pub mod plan;
pub mod tree;
pub mod view;
