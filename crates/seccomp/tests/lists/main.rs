//! How lines are merged, against the cases that systemd 257.13 was seen to decide.

mod architectures;
mod families;
mod filter;
mod log;
mod namespaces;

use ringfence_terms::{Complaint, Origin, Written};
use std::path::Path;
use std::sync::Arc;

/// Line `line` of a unit: the directive with this value.
fn origin(directive: &str, value: &str, line: u32) -> Origin {
    Written {
        directive: directive.into(),
        value: value.into(),
        file: Arc::from(Path::new("/etc/systemd/system/x.service")),
        line,
        column: 1,
    }
    .into()
}

/// Takes in each value as a line of its own, counted from 1, and collects the subjects of all complaints.
fn lines<T: Default>(
    directive: &str,
    values: &[&str],
    mut apply: impl FnMut(&mut T, &Origin) -> Vec<Complaint>,
) -> (T, Vec<String>) {
    let mut state = T::default();
    let mut subjects = Vec::new();
    for (value, line) in values.iter().zip(1..) {
        subjects.extend(apply(&mut state, &origin(directive, value, line)).into_iter().map(|c| c.subject));
    }
    (state, subjects)
}
