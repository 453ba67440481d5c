//! The service's file tree: each place where it changes, what it is from there on, and the line that says so.

use crate::files::Files;
use crate::layout::{WIDTH, cut, pad};
use crate::words;
use anstyle::Style;
use ringfence_sandbox::view::{Access, Edge, Shows};
use ringfence_terms::Origin;
use std::fmt::Write;

/// Columns of the widest word for an access, and of the gaps.
const ACCESS_WIDTH: usize = 9;
/// The widest that the column of paths gets.
const PATH_WIDTH: usize = 36;

/// Draws the edges, which are sorted by path and start with the root.
pub fn draw(edges: &[Edge<'_>], files: &Files) -> String {
    let nodes = arrange(edges);
    let label = |node: &Node| format!("{}{}", node.prefix, node.label);
    let widest = nodes.iter().map(|n| label(n).chars().count()).max().unwrap_or(0);
    let path_width = widest.clamp(12, PATH_WIDTH);
    let mut out = String::new();
    for (node, edge) in nodes.iter().zip(edges) {
        let style = words::colour(edge.access);
        let path = pad(&cut(&label(node), path_width), path_width);
        let word = pad(words::access(edge.access), ACCESS_WIDTH);
        let left = WIDTH - path_width - ACCESS_WIDTH - 4;
        let dim = Style::new().dimmed();
        let (reason, place) = reason(edge, files);
        let reason = cut(&reason, left.saturating_sub(place.chars().count() + 1));
        let line = format!("{path}  {style}{word}{style:#}  {reason} {dim}{place}{dim:#}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// One drawn line: the branches before it, and its own name.
struct Node {
    prefix: String,
    label: String,
}

/// Each edge hangs below the nearest edge above it; its label is the rest of the path.
fn arrange(edges: &[Edge<'_>]) -> Vec<Node> {
    let parent_of = |at: usize| (0..at).rev().find(|&above| edges[at].path.is_below(&edges[above].path));
    let parents: Vec<Option<usize>> = (0..edges.len()).map(parent_of).collect();
    let is_last = |at: usize| !(at + 1..edges.len()).any(|later| parents[later] == parents[at]);
    (0..edges.len())
        .map(|at| {
            let Some(parent) = parents[at] else {
                return Node { prefix: String::new(), label: edges[at].path.to_string() };
            };
            let mut prefix = String::from(if is_last(at) { "└─ " } else { "├─ " });
            let mut above = Some(parent);
            while let Some(node) = above
                && parents[node].is_some()
            {
                prefix.insert_str(0, if is_last(node) { "   " } else { "│  " });
                above = parents[node];
            }
            let rest = edges[at].path.as_path().strip_prefix(edges[parent].path.as_path());
            let label = rest.map_or_else(|_| edges[at].path.to_string(), |rest| rest.display().to_string());
            Node { prefix, label }
        })
        .collect()
}

/// What makes it so, and where that stands.
fn reason(edge: &Edge<'_>, files: &Files) -> (String, String) {
    let mut text = String::new();
    if let Shows::Host(path) = &edge.mounted.shows
        && *path != edge.path
    {
        let _ = write!(text, "← {path} ");
    }
    if edge.noexec && edge.access != Access::Hidden {
        text.push_str("noexec ");
    }
    let host = "as on the host".to_owned();
    match edge.by {
        None if edge.mounted.is_read_only() && edge.access == Access::ReadOnly => {
            (text + "read-only on the host", String::new())
        }
        None => (text + &host, String::new()),
        Some(_) => {
            let (what, place) = line_of(edge.line, files);
            (text + &what, place)
        }
    }
}

fn line_of(line: Option<&Origin>, files: &Files) -> (String, String) {
    match line {
        Some(origin) => (format!("{}={}", origin.directive, origin.value), files.place(origin)),
        None => ("systemd itself".to_owned(), String::new()),
    }
}
