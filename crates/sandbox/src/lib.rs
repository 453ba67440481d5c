//! One plan, read by everyone: what a service will see, computed from its settings and the host's facts.
//!
//! [`plan::Plan`] is pure data; computing it changes nothing and reads nothing but the [`facts::Facts`] that it is
//! handed. The engine applies it, [`decide`] answers questions about it, and the command line draws it: what ringfence
//! explains is what it enforces.
#![forbid(unsafe_code)]

pub mod decide;
pub mod facts;
pub mod fix;
pub mod plan;
pub mod tree;
pub mod view;
