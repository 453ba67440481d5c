//! One file a layer; each looks at one kind of need.

mod calls;
mod capabilities;
mod devices;
mod headroom;
mod identity;
mod network;
mod switches;
mod tree;
mod view;
mod writes;

use crate::{Case, Proposal};

/// A layer: from a case to lines and what is left open.
pub(crate) type Layer = fn(&Case<'_>, &mut Proposal);

/// All layers, in the order in which their lines are read.
pub(crate) const ALL: &[Layer] = &[
    tree::propose,
    view::propose,
    writes::propose,
    switches::propose,
    devices::propose,
    network::propose,
    identity::propose,
    capabilities::propose,
    calls::propose,
    view::prune,
];
