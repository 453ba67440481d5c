//! Finding units: search directories, names and aliases, drop-ins; and loading them.
//!
//! This is the one part of the crate that reads files. Directories are listed once, when a [`UnitTree`] is opened, so
//! that loading many units costs little more than reading their files.
//!
//! ```no_run
//! use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
//! use ringfence_unit::{Manager, UnitName};
//!
//! let environment = Environment::of_process();
//! let search = SearchPath::of_systemd(Root::system(), Manager::System, &environment);
//! let tree = UnitTree::open(search, environment);
//! let unit = tree.load(&UnitName::parse("ssh.service")?);
//! for assignment in unit.section("Service") {
//!     println!("{}", assignment.origin);
//! }
//! # Ok::<(), ringfence_unit::UnitNameError>(())
//! ```

mod drop_ins;
mod env_file;
mod file;
mod listing;
mod machine;
mod names;
mod read;
mod root;
mod search_path;

pub use file::{FileError, load_file, load_with_neighbours, name_of_file};
pub use machine::UserDirs;
pub use root::Root;
pub use search_path::{Environment, SearchPath};

use crate::specifier::OfMachine;
use crate::text::{Setting, UnitText};
use crate::{Assignment, LoadState, Specifiers, Unit, UnitName};
use drop_ins::DropInMap;
use hashbrown::HashMap;
use listing::{Directory, Kind};
use names::{Fragment, NameMap};
use read::{Contents, ReadError};
use ringfence_terms::{Complaint, Severity};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// All units below a search path, as the directories were when it was opened, and each drop-in as it was when it was
/// first read.
#[derive(Debug)]
pub struct UnitTree {
    search: SearchPath,
    directories: Vec<Directory>,
    names: NameMap,
    drop_ins: DropInMap,
    complaints: Vec<Complaint>,
    machine: Arc<OfMachine>,
    /// The drop-ins read so far: one in `service.d` is every service's.
    read: Mutex<HashMap<PathBuf, DropIn>>,
}

/// What a drop-in's place holds.
#[derive(Clone, Debug)]
enum DropIn {
    Mask,
    Text(Arc<UnitText>),
    Unreadable(Complaint),
}

impl UnitTree {
    /// Lists the directories of a search path. `environment` is what the specifiers of a user's manager follow.
    pub fn open(search: SearchPath, environment: Environment) -> UnitTree {
        let (directories, complaints) = listing::list_all(&search);
        let names = NameMap::build(&search.root, &directories);
        let drop_ins = DropInMap::build(&directories);
        let (root, manager) = (search.root.clone(), search.manager);
        let machine = Arc::new(OfMachine::new(move || machine::specifiers(&root, manager, &environment)));
        UnitTree { search, directories, names, drop_ins, complaints, machine, read: Mutex::default() }
    }

    /// The search path.
    pub fn search_path(&self) -> &SearchPath {
        &self.search
    }

    /// What is wrong with the search directories themselves; a unit's own complaints come with the unit.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Loads a unit: its fragment, then its drop-ins. What is wrong is told by [`Unit::state`] and
    /// [`Unit::complaints`].
    ///
    /// systemd loads no template itself; here one is loaded like any unit, with an empty instance.
    pub fn load(&self, name: &UnitName) -> Unit {
        let root = &self.search.root;
        let found = self.names.find(root, &self.directories, name);
        let specifiers = |fragment| Specifiers::of_unit(&found.id, fragment, self.machine.clone());
        let mut unit = Unit {
            name: name.clone(),
            specifiers: specifiers(None),
            aliases: found.names.iter().filter(|name| **name != found.id).cloned().collect(),
            id: found.id.clone(),
            manager: self.search.manager,
            state: LoadState::NotFound,
            fragment: None,
            drop_ins: Vec::new(),
            assignments: Vec::new(),
            complaints: found.complaints,
        };
        let Some(fragment) = found.fragment else { return unit };
        let path = fragment.path();
        let file: Arc<Path> = root.outside(&path).into();
        match self.read_fragment(&fragment) {
            Ok(Contents::Mask) => unit.state = LoadState::Masked,
            Ok(Contents::Bytes { bytes, real }) => {
                unit.specifiers = specifiers(Some(real));
                let text = UnitText::parse(file.clone(), bytes);
                unit.state = if text.is_fatal() { LoadState::Error } else { LoadState::Loaded };
                complain(&mut unit, &text);
                unit.assignments = text.into_assignments().map(assignment).collect();
            }
            // systemd's load state for a file that it cannot open is "not-found", and the names are not merged.
            Err(ReadError::Open(error)) => {
                unit.id = name.clone();
                unit.aliases.clear();
                let complaint = listing::unreadable(root, &path, &error);
                unit.complaints.push(Complaint { severity: Severity::Error, ..complaint });
                return unit;
            }
            Err(ReadError::Read(error)) => {
                unit.state = LoadState::Error;
                let complaint = listing::unreadable(root, &path, &error);
                unit.complaints.push(Complaint { severity: Severity::Error, ..complaint });
            }
        }
        unit.fragment = Some(file);
        if unit.state != LoadState::Masked {
            self.load_drop_ins(&mut unit);
        }
        unit
    }

    fn read_fragment(&self, fragment: &Fragment<'_>) -> Result<Contents, ReadError> {
        let (root, real) = (&self.search.root, fragment.real());
        match fragment.is_regular {
            true => read::read_listed(root, &fragment.directory.fd, fragment.name.as_ref(), &real),
            false => read::read(root, &real),
        }
    }

    fn load_drop_ins(&self, unit: &mut Unit) {
        let root = &self.search.root;
        let names: Vec<&UnitName> = std::iter::once(&unit.id).chain(&unit.aliases).collect();
        let (drop_ins, complaints) = self.drop_ins.find(root, &self.directories, &names);
        unit.complaints.extend(complaints);
        for found in drop_ins {
            match self.drop_in(&found) {
                DropIn::Mask => unit.drop_ins.push(root.outside(&found.path).into()),
                DropIn::Text(text) => {
                    complain(unit, &text);
                    unit.assignments.extend(text.assignments().cloned().map(assignment));
                    unit.drop_ins.push(text.file().clone());
                }
                DropIn::Unreadable(complaint) => {
                    unit.complaints.push(complaint);
                    unit.drop_ins.push(root.outside(&found.path).into());
                }
            }
        }
    }

    /// Reads a drop-in, each once.
    fn drop_in(&self, found: &drop_ins::Found<'_>) -> DropIn {
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let path = &*found.path;
        if let Some(known) = lock().get(path) {
            return known.clone();
        }
        let root = &self.search.root;
        let contents = match found.directory.filter(|_| found.kind == Kind::File) {
            Some(directory) => read::read_listed(root, directory, found.name.as_ref(), path),
            None => read::read(root, path),
        };
        let drop_in = match contents {
            Ok(Contents::Mask) => DropIn::Mask,
            Ok(Contents::Bytes { bytes, .. }) => {
                DropIn::Text(Arc::new(UnitText::parse(root.outside(path), bytes)))
            }
            Err(ReadError::Open(error) | ReadError::Read(error)) => {
                DropIn::Unreadable(listing::unreadable(root, path, &error))
            }
        };
        lock().insert(path.to_path_buf(), drop_in.clone());
        drop_in
    }

    /// The names of all services that can be loaded, each unit once, by its id: those with a file, but no templates and
    /// no masks; and the instances that a `.wants`, `.requires` or `.upholds` directory asks for.
    pub fn services(&self) -> Vec<UnitName> {
        self.services_where(|fragment| fragment.is_loadable(&self.search.root))
    }

    /// As [`services`](Self::services), with those that are masked: whoever loads them all learns that from the files
    /// themselves, and need not ask twice.
    pub fn services_and_masks(&self) -> Vec<UnitName> {
        self.services_where(|_| true)
    }

    fn services_where(&self, is_wanted: impl Fn(&Fragment<'_>) -> bool) -> Vec<UnitName> {
        self.units_where(".service", is_wanted)
    }

    /// The names of all socket units that can be loaded, as [`services`](Self::services).
    pub fn sockets(&self) -> Vec<UnitName> {
        self.units_where(".socket", |fragment| fragment.is_loadable(&self.search.root))
    }

    fn units_where(&self, suffix: &str, is_wanted: impl Fn(&Fragment<'_>) -> bool) -> Vec<UnitName> {
        let wanted = self.wanted_instances(suffix);
        let names = self.names.names().chain(wanted.iter().map(String::as_str));
        let units = names.filter(|name| name.ends_with(suffix)).filter_map(|name| UnitName::parse(name).ok());
        let mut ids = BTreeSet::new();
        for name in units.filter(|name| !name.is_template()) {
            let found = self.names.find(&self.search.root, &self.directories, &name);
            if found.fragment.as_ref().is_some_and(&is_wanted) {
                ids.insert(found.id);
            }
        }
        ids.into_iter().collect()
    }

    /// The names of links to instances of services in the directories that make one unit depend on others. Other links
    /// name what stands in a search directory itself.
    fn wanted_instances(&self, suffix: &str) -> BTreeSet<String> {
        self.wanted_names(|name| name.contains('@') && name.ends_with(suffix))
    }

    /// Whether a `.wants`, `.requires` or `.upholds` directory asks for a unit by one of its names: for one with an
    /// `[Install]` section that is being enabled.
    pub fn is_wanted(&self, unit: &Unit) -> bool {
        let is_name =
            |name: &str| unit.id.as_str() == name || unit.aliases.iter().any(|alias| alias.as_str() == name);
        !self.wanted_names(is_name).is_empty()
    }

    fn wanted_names(&self, is_meant: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut wanted = BTreeSet::new();
        for directory in &self.directories {
            let is_dependency =
                |name: &str| [".wants", ".requires", ".upholds"].iter().any(|end| name.ends_with(end));
            for (name, kind) in directory.entries.iter().filter(|(name, _)| is_dependency(name)) {
                let opened = match kind {
                    Kind::Directory => directory.open_below(name),
                    Kind::Symlink => {
                        self.search.root.open_directory(&directory.path.join(name.as_str())).map(|(fd, _)| fd)
                    }
                    Kind::File | Kind::Other => continue,
                };
                let entries = opened.and_then(|fd| listing::entries(&fd)).unwrap_or_default();
                let names = entries.into_iter().map(|(name, _)| name);
                wanted.extend(names.filter(|name| is_meant(name)).map(String::from));
            }
        }
        wanted
    }
}

/// Adds what is wrong with one file.
fn complain(unit: &mut Unit, text: &UnitText) {
    let mut complaints = text.complaints().to_vec();
    complaints.extend(text.unknown_sections(unit.id.suffix()));
    complaints.sort_by_key(|complaint| complaint.line);
    unit.complaints.extend(complaints);
}

fn assignment(setting: Setting) -> Assignment {
    Assignment { section: setting.section, origin: setting.origin }
}

#[cfg(test)]
mod tests;
