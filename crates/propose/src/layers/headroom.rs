//! The tight level's headroom: what a careful administrator would leave a service besides what it was seen to use.
//!
//! An exercise visits one site of three and loads none of the modules that tomorrow's configuration asks for. What names
//! itself as the service's (its packages' directories, its users' homes, the paths in its configuration) is shown, to be
//! read only. What nothing names stays hidden; so does what is sensitive, and that is said.

use super::view::{NEVER_WHOLE, outermost, replaced_in};
use super::writes::own_name;
use crate::names::beginnings;
use crate::needs::is_kernel_interface;
use crate::sensitive::what_it_holds;
use crate::{Case, Evidence, Proposal};
use ringfence_profile::FileKind;
use ringfence_sandbox::facts::NodeKind;
use ringfence_terms::AbsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const DIRECTIVE: &str = "BindReadOnlyPaths";

/// What programs look for in moments that an exercise may not show; brought in where it is there.
static OF_ALL: &[&str] = &[
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/usr/lib/locale",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
];

/// Where packages have directories of their own.
static BASES: &[&str] = &["/etc", "/usr/lib", "/usr/libexec", "/usr/share"];

/// Places where what is named is not a matter of reading.
static ELSEWHERE: &[&str] = &["/run", "/tmp", "/var/lock", "/var/log", "/var/run", "/var/tmp"];

/// Adds what is not among `shown` already.
pub(super) fn grant(case: &Case<'_>, proposal: &mut Proposal, shown: &BTreeSet<AbsPath>) {
    let mut shown = shown.clone();
    for (why, places) in [
        (
            "directories of the packages that it comes from: modules and defaults that it may load later",
            of_packages(case),
        ),
        ("the home of a user that it runs as", homes(case)),
        ("named in its configuration", named(case, proposal, &shown)),
    ] {
        let new: BTreeSet<AbsPath> = places.keys().filter(|path| !is_shown(path, &shown)).cloned().collect();
        let new = outermost(new);
        if new.is_empty() {
            continue;
        }
        let evidence = new.iter().filter_map(|path| places.get(path)).cloned().collect();
        let words: Vec<String> = new.iter().map(AbsPath::to_string).collect();
        proposal.grant(DIRECTIVE, words.join(" "), why, evidence);
        shown.extend(new);
    }
    let of_all: Vec<String> = OF_ALL
        .iter()
        .filter(|path| AbsPath::parse(path).is_ok_and(|path| case.facts.node(&path).is_ok()))
        .map(|path| format!("-{path}"))
        .collect();
    if !of_all.is_empty() {
        proposal.grant(
            DIRECTIVE,
            of_all.join(" "),
            "name service, certificates, time zones, locales: needed in moments that an exercise may not show",
            Vec::new(),
        );
    }
}

fn is_shown(path: &AbsPath, shown: &BTreeSet<AbsPath>) -> bool {
    shown.iter().any(|outer| path.is_at_or_below(outer))
}

fn is_directory(case: &Case<'_>, path: &AbsPath) -> bool {
    case.facts.node(path).is_ok_and(|node| node.kind == NodeKind::Directory)
}

fn is_never_whole(path: &AbsPath) -> bool {
    NEVER_WHOLE.iter().any(|whole| path.as_path() == Path::new(whole))
}

/// Directories below the bases that a package of the service lists, and that bear the name of the service or of that
/// package: `nginx-common` has `/usr/share/vim/addons`, too, which is not for the service.
fn of_packages(case: &Case<'_>) -> BTreeMap<AbsPath, Evidence> {
    let mut found = BTreeMap::new();
    for package in &case.options.packages {
        let mut names = case.names();
        names.extend(beginnings(&package.name));
        for directory in &package.lists {
            let at_base =
                BASES.iter().any(|base| directory.parent().is_some_and(|p| p.as_path() == Path::new(base)));
            let named = directory.file_name().is_some_and(|name| {
                let name = name.to_string_lossy();
                names.contains(&*name) || name.strip_suffix(".d").is_some_and(|name| names.contains(name))
            });
            let whole = !is_never_whole(directory) && what_it_holds(directory.as_path()).is_none();
            if at_base && named && whole && is_directory(case, directory) {
                let evidence = Evidence(format!(
                    "{directory} belongs to the package {}, as {} does",
                    package.name, package.has
                ));
                found.entry(directory.clone()).or_insert(evidence);
            }
        }
    }
    found
}

/// Homes of the users that it runs as, other than people's: `/var/www` of `www-data`.
fn homes(case: &Case<'_>) -> BTreeMap<AbsPath, Evidence> {
    let users = case.needs.users().into_iter().filter_map(|uid| case.facts.user(&uid.to_string()));
    let homes = users.filter_map(|user| {
        let home = AbsPath::parse(&user.home).ok()?;
        let below = ["/srv", "/var"].iter().any(|top| home.as_path().starts_with(top));
        let shown = below
            && own_name(&home)
            && !is_elsewhere(&home)
            && !is_never_whole(&home)
            && is_directory(case, &home);
        let evidence = Evidence(format!("{home} is the home of {}, as whom it runs", user.name));
        (shown && what_it_holds(home.as_path()).is_none()).then_some((home, evidence))
    });
    homes.collect()
}

fn is_elsewhere(path: &AbsPath) -> bool {
    is_kernel_interface(path.as_path()) || ELSEWHERE.iter().any(|top| path.as_path().starts_with(top))
}

/// What the configuration names, and is there. What is sensitive among it is said, not shown.
fn named(case: &Case<'_>, proposal: &mut Proposal, shown: &BTreeSet<AbsPath>) -> BTreeMap<AbsPath, Evidence> {
    let mut found = BTreeMap::new();
    for named in &case.options.named {
        let Some(path) =
            place(case, &named.path).filter(|path| !is_never_whole(path) && !is_shown(path, shown))
        else {
            continue;
        };
        match what_it_holds(path.as_path()) {
            Some(what) => proposal.leave_open(
                DIRECTIVE,
                format!("{path} is named, but was not used, and stays hidden: {what}"),
                vec![named.evidence()],
            ),
            None => {
                found.insert(path, named.evidence());
            }
        }
    }
    found
}

/// What to show of a path that is named: of a socket, made anew whenever its owner starts, and of a link, which the next
/// release of a site turns to another directory beside it, the directory.
fn place(case: &Case<'_>, path: &AbsPath) -> Option<AbsPath> {
    match case.facts.node(path).ok()?.kind {
        // Elsewhere the directory is somebody's state.
        NodeKind::Socket if path.as_path().starts_with("/run") => replaced_in(path, FileKind::Socket),
        NodeKind::Directory | NodeKind::File if !is_elsewhere(path) => Some(path.clone()),
        NodeKind::Symlink(_) if !is_elsewhere(path) => {
            let own = |directory: &AbsPath| !is_never_whole(directory) && directory.components().count() > 1;
            Some(path.parent().filter(own).unwrap_or_else(|| path.clone()))
        }
        _ => None,
    }
}
