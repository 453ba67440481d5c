//! The plan's sorted list as a tree: each entry with the entries that lie directly below it.

use super::host::Source;
use ringfence_sandbox::plan::MountEntry;

/// An entry, what it takes from the host, and the entries whose nearest entry above it is.
#[derive(Debug)]
pub struct Branch<'p> {
    /// The entry.
    pub entry: &'p MountEntry,
    /// What it takes from the host.
    pub source: Source,
    /// What lies below, sorted.
    pub below: Vec<Branch<'p>>,
}

/// Makes trees of a list in which every parent precedes its children and a subtree is contiguous; `sources` belong to
/// the entries in the same order.
pub fn branches<'p>(sorted: &'p [MountEntry], sources: &mut impl Iterator<Item = Source>) -> Vec<Branch<'p>> {
    let mut rest = sorted;
    let mut all = Vec::new();
    while let Some((entry, after)) = rest.split_first() {
        let Some(source) = sources.next() else { break };
        let subtree = after.iter().take_while(|e| e.path.is_below(&entry.path)).count();
        all.push(Branch { entry, source, below: branches(&after[..subtree], sources) });
        rest = &after[subtree..];
    }
    all
}
