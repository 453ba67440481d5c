//! Which socket units are a service's.

use crate::address::out_of_var_run;
use ringfence_settings::{Listen, ListenKind, Settings, pulled_in};
use ringfence_terms::{AbsPath, Complaint, Origin, Sourced};
use ringfence_unit::find::UnitTree;
use ringfence_unit::{LoadState, Unit, UnitName};
use std::time::Duration;

/// A socket unit.
#[derive(Clone, Debug)]
pub struct SocketUnit {
    /// Its settings; what they ask for and is not done is in their `not_enforced`.
    pub settings: Settings,
    /// What is wrong with its files.
    pub complaints: Vec<Complaint>,
}

impl SocketUnit {
    /// Its name.
    pub fn name(&self) -> &UnitName {
        &self.settings.unit
    }

    /// Whether each connection gets a service of its own (`Accept=yes`).
    pub fn accepts(&self) -> bool {
        self.settings.socket.accept.value
    }

    /// The directories that what it listens on is in, down from `/`.
    pub fn directories(&self) -> Vec<String> {
        let paths =
            self.settings.socket.listen.iter().filter_map(|line| AbsPath::parse(&line.value.address).ok());
        let above = paths.map(out_of_var_run).flat_map(|path| path.ancestors_from_root());
        above.map(|path| path.to_string()).collect()
    }

    /// The name by which the service knows its sockets (systemd: `socket_fdname`).
    pub fn descriptor_name(&self) -> String {
        let named = self.settings.socket.descriptor_name.value.clone();
        named.unwrap_or_else(|| match self.accepts() {
            true => "connection".to_owned(),
            false => self.name().to_string(),
        })
    }
}

/// The socket units of a service.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Those that run when the service does, in the order of their names.
    pub used: Vec<SocketUnit>,
    /// Those that could start it, but are neither enabled nor asked for by the service.
    pub unused: Vec<UnitName>,
    /// What `Sockets=` names and is not there.
    pub missing: Vec<Origin>,
}

/// Finds them: a socket unit belongs to the service that its `Service=` names, or to the one with its own name; with
/// `Accept=yes` to instances of the template with its own name; and to each that names it in `Sockets=`.
///
/// systemd passes the sockets of units that are active. Here a unit counts as such when the service asks for it
/// (`Sockets=`, `Requires=`, `Wants=` …), when it is enabled, or when nothing else can start the service (`Accept=yes`);
/// in a tree of a single directory, which has no place for enabling, whenever it is there.
pub fn of_service(tree: &UnitTree, service: &Unit, settings: &Settings) -> Found {
    let mut found = Found::default();
    let single = tree.search_path().dirs().len() == 1;
    let asked = asked_for(service);
    let mut names = tree.sockets();
    // Its own instance of a template needs no link to be known.
    names.extend(UnitName::parse(&format!("{}.socket", service.id.stem())).ok());
    names.extend(settings.service.sockets.iter().filter_map(|name| UnitName::parse(&name.value).ok()));
    names.sort();
    names.dedup();
    for name in names.into_iter().filter(|name| !name.is_template()) {
        let unit = tree.load(&name);
        if unit.state != LoadState::Loaded || found.used.iter().any(|known| *known.name() == unit.id) {
            continue;
        }
        let (of_socket, complaints) = Settings::from_unit(&unit);
        let named = settings.service.sockets.iter().any(|line| is_called(&unit, &line.value));
        if !named && !starts(&of_socket, service) {
            continue;
        }
        let used = named
            || of_socket.socket.accept.value
            || single
            || asked.iter().any(|name| is_called(&unit, name))
            || tree.is_wanted(&unit);
        match used {
            true => found.used.push(SocketUnit { settings: of_socket, complaints }),
            false => found.unused.push(unit.id),
        }
    }
    let lines = settings.service.sockets.iter();
    let is_there = |value: &str| found.used.iter().any(|socket| socket.name().as_str() == value);
    found.missing =
        lines.filter(|line| !is_there(&line.value)).filter_map(|line| line.origin.clone()).collect();
    found
}

fn is_called(unit: &Unit, name: &str) -> bool {
    unit.id.as_str() == name || unit.aliases.iter().any(|alias| alias.as_str() == name)
}

/// The socket units that the service pulls in.
fn asked_for(service: &Unit) -> Vec<String> {
    pulled_in(service).filter(|name| name.ends_with(".socket")).collect()
}

/// Whether a socket unit would start the service (systemd: `socket_add_extras`, `socket_load_service_unit`). Only sockets
/// with connections can have them accepted; with pipes and datagrams the service is started once, whatever `Accept=` says.
fn starts(socket: &Settings, service: &Unit) -> bool {
    let of = &socket.socket;
    let is_accepted = |line: &Sourced<Listen>| {
        of.accept.value && matches!(line.value.kind, ListenKind::Stream | ListenKind::SequentialPacket)
    };
    // One instance a connection, of the template with the socket unit's prefix.
    let of_template = service.id.template().is_some() && service.id.prefix() == socket.unit.prefix();
    let once = match &of.service.value {
        Some(name) => is_called(service, name),
        None => is_called(service, &format!("{}.service", socket.unit.stem())),
    };
    of.listen.iter().any(|line| if is_accepted(line) { of_template } else { once })
}

/// The time in which starts by these sockets are counted: the longest of theirs.
pub fn trigger_interval(units: &[SocketUnit]) -> Duration {
    // Infinity counts as not set (systemd: `src/core/socket.c`, `socket_add_extras`).
    const DEFAULT: Duration = Duration::from_secs(2);
    let intervals = units.iter().map(|unit| unit.settings.socket.trigger_interval.value.unwrap_or(DEFAULT));
    intervals.max().unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_unit::Manager;
    use ringfence_unit::find::{Environment, Root, SearchPath};
    use std::path::Path;

    fn tree(files: &[(&str, &str)], dirs: &[&str]) -> (tempfile::TempDir, UnitTree) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let dirs = dirs.iter().map(|dir| Path::new("/").join(dir));
        let search = SearchPath::of_dirs(Root::new(root.path()).unwrap(), Manager::System, dirs);
        (root, UnitTree::open(search, Environment::default()))
    }

    fn found(tree: &UnitTree, name: &str) -> (Vec<String>, Vec<String>, usize) {
        let unit = tree.load(&UnitName::parse(name).unwrap());
        let (settings, _) = Settings::from_unit(&unit);
        let found = of_service(tree, &unit, &settings);
        (
            found.used.iter().map(|socket| socket.name().to_string()).collect(),
            found.unused.iter().map(UnitName::to_string).collect(),
            found.missing.len(),
        )
    }

    #[test]
    fn a_socket_unit_counts_when_it_is_asked_for_enabled_or_alone_in_starting_the_service() {
        let listen = "[Socket]\nListenStream=/run/x\n";
        let (_root, tree) = tree(
            &[
                ("a/pulled.service", "[Unit]\nRequires=pulled.socket\n[Service]\nExecStart=/bin/true\n"),
                ("a/pulled.socket", listen),
                ("a/other.socket", "[Socket]\nListenStream=/run/y\nService=pulled.service\n"),
                ("a/enabled.service", "[Service]\nExecStart=/bin/true\n"),
                ("a/enabled.socket", listen),
                ("b/sockets.target.wants/enabled.socket", listen),
                ("a/each@.service", "[Service]\nExecStart=/bin/true\n"),
                ("a/each.socket", "[Socket]\nListenStream=80\nAccept=yes\n"),
                ("a/each.service", "[Service]\nExecStart=/bin/true\n"),
                (
                    "a/named.service",
                    "[Service]\nExecStart=/bin/true\nSockets=enabled.socket\nSockets=gone.socket\n",
                ),
            ],
            &["a", "b"],
        );
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!(found(&tree, "pulled.service"), (names(&["pulled.socket"]), names(&["other.socket"]), 0));
        assert_eq!(found(&tree, "enabled.service"), (names(&["enabled.socket"]), names(&[]), 0));
        assert_eq!(found(&tree, "each@.service"), (names(&["each.socket"]), names(&[]), 0));
        assert_eq!(found(&tree, "each.service"), (names(&[]), names(&[]), 0));
        assert_eq!(found(&tree, "named.service"), (names(&["enabled.socket"]), names(&[]), 1));
    }

    #[test]
    fn beside_a_file_a_socket_unit_counts_when_it_is_there() {
        let (_root, tree) = tree(
            &[
                ("a/alone.service", "[Service]\nExecStart=/bin/true\n"),
                ("a/alone.socket", "[Socket]\nListenFIFO=/run/x\n"),
            ],
            &["a"],
        );
        assert_eq!(found(&tree, "alone.service").0, ["alone.socket"]);
    }
}
