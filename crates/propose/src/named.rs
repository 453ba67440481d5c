//! Places that a service's configuration names: an exercise that visits one site of three shows one document root of three.

use crate::Evidence;
use ringfence_profile::{FileAccess, Operation, Profile};
use ringfence_sandbox::facts::{Facts, Node, NodeKind};
use ringfence_terms::AbsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reads a text file of the machine; none where it is no text, or cannot be read.
pub type ReadText<'r> = dyn Fn(&AbsPath) -> Option<String> + 'r;

/// Where configuration is kept, whatever its files are called.
static CONFIGURATION: &[&str] = &["/etc", "/usr/local/etc"];

/// What configuration is called elsewhere.
static ENDINGS: &[&str] =
    &["cfg", "cnf", "conf", "config", "env", "ini", "properties", "toml", "yaml", "yml"];

/// Files that everybody reads, and that name what is everybody's.
static OF_EVERYBODY: &[&str] = &[
    "/etc/group",
    "/etc/gshadow",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/shells",
];

/// A path that the service's configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The path.
    pub path: AbsPath,
    /// The file that names it.
    pub file: AbsPath,
    /// The first line there that does, counted from 1.
    pub line: usize,
}

impl Named {
    /// Where it is named: `FILE:LINE`.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    pub(crate) fn evidence(&self) -> Evidence {
        Evidence(format!("{} is named in {}", self.path, self.place()))
    }
}

/// The absolute paths that are named in the configuration files that were read, each with where.
///
/// Only files that nobody but root may write count: what a service can write itself must not widen its own sandbox.
/// Whether anything is at the paths, and whether it may be shown, is for the proposal to say.
pub fn named_in_configuration(profile: &Profile, facts: &dyn Facts, read: &ReadText<'_>) -> Vec<Named> {
    let files: BTreeSet<&Path> = profile
        .files_unordered()
        .filter(|access| access.errno().is_none() && access.operations().contains(Operation::Read))
        .map(FileAccess::path)
        .filter(|path| is_configuration(path))
        .collect();
    let mut found = BTreeMap::new();
    for file in files.into_iter().filter_map(|file| AbsPath::parse(file).ok()) {
        let Some(text) = is_of_root(facts, &file).then(|| read(&file)).flatten() else { continue };
        for (number, line) in text.lines().enumerate() {
            for path in paths_in(line).filter_map(|path| AbsPath::parse(path).ok()) {
                let named = || Named { path: path.clone(), file: file.clone(), line: number + 1 };
                found.entry(path.clone()).or_insert_with(named);
            }
        }
    }
    found.into_values().collect()
}

fn is_configuration(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let named_so = ending.is_some_and(|ending| ENDINGS.contains(&ending));
    (named_so || CONFIGURATION.iter().any(|top| path.starts_with(top)))
        && !OF_EVERYBODY.iter().any(|of_everybody| path == Path::new(of_everybody))
}

fn is_of_root(facts: &dyn Facts, file: &AbsPath) -> bool {
    let is_file_of_root =
        |node: Node| node.kind == NodeKind::File && node.uid == 0 && node.mode & 0o022 == 0 && !node.has_acl;
    facts.node(file).is_ok_and(is_file_of_root)
}

/// The absolute paths in one line, of whatever syntax: words that start with a slash, between blanks, quotes, brackets and
/// the signs that assign. Comments name nothing. A pattern stands for the directory in which it is looked for.
fn paths_in(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim_start();
    let line = if line.starts_with(['#', ';', '!']) || line.starts_with("//") { "" } else { line };
    let line = line.split_once(" #").map_or(line, |(line, _)| line);
    line.split(|c: char| c.is_whitespace() || "\"'`=,;:|(){}[]<>".contains(c)).filter_map(|word| {
        let word = match word.find(['*', '?', '$', '%', '^', '~', '\\']) {
            Some(at) => &word[..word[..at].rfind('/')?],
            None => word.trim_end_matches('/'),
        };
        // `http://host` leaves `//host`; one component (`/images`) is more often a part of an address than a place.
        let is_path = word.starts_with('/') && !word.starts_with("//") && word[1..].contains('/');
        is_path.then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_the_syntaxes_of_the_field() {
        for (line, expected) in [
            ("root /srv/shop;", vec!["/srv/shop"]),
            ("  DocumentRoot \"/srv/shop/public/\"", vec!["/srv/shop/public"]),
            ("<Directory /var/www/>", vec!["/var/www"]),
            ("data_directory='/data/main' # /not/this", vec!["/data/main"]),
            ("# root /srv/old;", vec![]),
            (";chroot = /srv/old", vec![]),
            ("include /etc/nginx/conf.d/*.conf;", vec!["/etc/nginx/conf.d"]),
            ("proxy_pass http://127.0.0.1/a/b;", vec![]),
            ("fastcgi_pass unix:/run/php/x.sock;", vec!["/run/php/x.sock"]),
            ("location /images { try_files $uri /index.html; }", vec![]),
            ("include_path = \".:/usr/share/php:/srv/lib/php\"", vec!["/usr/share/php", "/srv/lib/php"]),
            ("access.log = /var/log/$pool.access.log", vec!["/var/log"]),
        ] {
            assert_eq!(paths_in(line).collect::<Vec<_>>(), expected, "{line}");
        }
    }
}
