//! Looks at paths without touching them: each path, all that leads to it, and where its symlinks lead.

use crate::access::seen;
use ringfence_probe::Node;
use std::collections::{BTreeMap, VecDeque};

/// How many symlinks are followed for one path; the kernel's own limit (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Everything that exists on the way to the paths. What is not in the answer is not there.
pub fn nodes(paths: &[String]) -> BTreeMap<String, Node> {
    let mut nodes = BTreeMap::new();
    for path in paths {
        walk(path, &mut nodes);
    }
    nodes
}

fn walk(path: &str, nodes: &mut BTreeMap<String, Node>) {
    let mut ahead = components(path);
    let mut here = String::new();
    let mut links = 0;
    if let Some(root) = look("/") {
        nodes.insert("/".to_owned(), root);
    }
    while let Some(component) = ahead.pop_front() {
        if component == ".." {
            here.truncate(here.rfind('/').unwrap_or(0));
            continue;
        }
        let next = format!("{here}/{component}");
        // What a process finds below its own /proc/PID is its own business.
        let Some(node) = look(&next).filter(|_| !next.starts_with("/proc/self")) else { return };
        let target = node.target.clone();
        nodes.insert(next.clone(), node);
        let Some(target) = target else {
            here = next;
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            return;
        }
        if target.starts_with('/') {
            here.clear();
        }
        let mut through = components(&target);
        through.append(&mut ahead);
        ahead = through;
    }
}

fn look(path: &str) -> Option<Node> {
    let stat = rustix::fs::lstat(path).ok()?;
    let target =
        rustix::fs::readlink(path, Vec::new()).ok().map(|target| target.to_string_lossy().into_owned());
    Some(Node { seen: seen(&stat), target })
}

fn components(path: &str) -> VecDeque<String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
}
